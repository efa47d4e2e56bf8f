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
  {%- if execute and dbt_madpy.is_number(type) %}
  borders as (
    select distinct d.border from pg_catalog.unnest((
      select pg_catalog.percentile_disc(array[0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9]) within group (order by b.value) from before as b
    )) as d (border)
  ),
  bins as (
    select r.is_now, case when r.value is not null then (select pg_catalog.count(*) from borders as d where d.border < r.value)::text end as bin
    from (select false, value from before union all select true, value from now) as r (is_now, value)
  ),
  {%- else %}
  bins as (
    select r.is_now, case when r.value is null then null when exists (select from before as b where b.value = r.value) then 'value ' || r.value::text else 'new' end as bin
    from (select false, value from before union all select true, value from now) as r (is_now, value)
  ),
  {%- endif %}
  shares as (
    select greatest((pg_catalog.count(*) filter (where not b.is_now))::double precision / nullif((select pg_catalog.count(*) from before), 0), 0.0001) as p,
           greatest((pg_catalog.count(*) filter (where b.is_now))::double precision / nullif((select pg_catalog.count(*) from now), 0), 0.0001) as q
    from bins as b group by b.bin
  ),
  stability as (select pg_catalog.sum((s.q - s.p) * pg_catalog.ln(s.q / s.p)) as psi from shares as s)
  select s.psi, {{ threshold }} as threshold, (select pg_catalog.count(*) from before) as num_rows_before, (select pg_catalog.count(*) from now) as num_rows_now
  from stability as s
  where s.psi >= {{ threshold }} or not exists (select from before) or not exists (select from now)
{% endtest %}
