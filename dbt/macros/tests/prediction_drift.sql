{# Predictions are distributed as those of a baseline: the population stability index, the sum over bins of
   (q - p) ln(q / p) for the shares p before and q now, is below `threshold`.  An empty bin counts as 0.0001.

   Bins of numbers end with the deciles of the baseline; each class is a bin, new ones are one together, and so are missing
   predictions.  Below 0.1 little has changed, from 0.25 on predictions are others (Siddiqi, Credit Risk Scorecards, 2006). #}
{% test prediction_drift(model, baseline, column='prediction', threshold=0.25) %}
  {%- set type = dbt_madpy.column_types(baseline).get(column) if execute -%}
  {%- if execute and type is none -%}
    {%- do dbt_madpy.fail('the baseline has no column "' ~ column ~ '"', 'Set column to that of the predictions') -%}
  {%- endif -%}
  with before as (select s.{{ dbt_madpy.quoted(column) }} as value from {{ dbt_madpy.rows_of(baseline, 's') }}),
  now as (select s.{{ dbt_madpy.quoted(column) }} as value from {{ dbt_madpy.rows_of(model, 's') }}),
  compared_rows as (select false as is_now, b.value from before as b union all select true, n.value from now as n),
  {%- if execute and dbt_madpy.is_number(type) %}
  borders as (
    select pg_catalog.percentile_disc(array[0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9]) within group (order by b.value) as deciles from before as b
  ),
  bins as (
    select r.is_now, (select pg_catalog.count(*) from pg_catalog.unnest(d.deciles) as u (decile) where u.decile < r.value) as bin, r.value is null as is_missing
    from compared_rows as r cross join borders as d
  ),
  {%- else %}
  levels as (select distinct b.value from before as b),
  bins as (select r.is_now, l.value as bin, r.value is null as is_missing from compared_rows as r left join levels as l on l.value = r.value),
  {%- endif %}
  shares as (
    select greatest((pg_catalog.count(*) filter (where not b.is_now))::double precision / nullif((select pg_catalog.count(*) from before), 0), 0.0001) as p,
           greatest((pg_catalog.count(*) filter (where b.is_now))::double precision / nullif((select pg_catalog.count(*) from now), 0), 0.0001) as q
    from bins as b group by b.bin, b.is_missing
  )
  select * from (
    select pg_catalog.sum((s.q - s.p) * pg_catalog.ln(s.q / s.p)) as psi, {{ dbt_madpy.literal(threshold) }} as threshold,
           (select pg_catalog.count(*) from before) as num_rows_before, (select pg_catalog.count(*) from now) as num_rows_now
    from shares as s
  ) as compared
  where psi >= threshold or num_rows_before = 0 or num_rows_now = 0
{% endtest %}
