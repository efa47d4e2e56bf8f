{# No column of the rows to train on tells the target, or names rows.  A row for each that does, with the reason:

   * whole numbers, texts and uuids of which no two rows have the same: an id;
   * each value, which at least half of the rows share with others, occurs with one value of the target only;
   * whether the column is NULL, as of a time that only one outcome has, decides the target;
   * the correlation with a target that is a number is `correlation` or more.

   exclude: columns that are no features, or that may be so #}
{% test no_leakage(model, target, exclude=[], correlation=0.999) %}
  {%- if model is string -%}{%- do dbt_madpy.fail('no_leakage reads the columns of a relation', 'Remove where from the config of the test, and test a view of these rows') -%}{%- endif -%}
  {%- set left_out = dbt_madpy.as_list(exclude) + [target] -%}
  {%- set columns = dbt_madpy.columns_of(model) if execute else [] -%}
  {%- set types = dbt_madpy.column_types(model) -%}
  {%- if execute and target not in types -%}
    {%- do dbt_madpy.fail('"' ~ model.identifier ~ '" has no column "' ~ target ~ '"', 'Set target to one of these: ' ~ dbt_madpy.listed(types | list)) -%}
  {%- endif -%}
  with labelled as not materialized (select s.*, s.{{ dbt_madpy.quoted(target) }}::text collate "C" as madpy_target from {{ model }} as s where s.{{ dbt_madpy.quoted(target) }} is not null),
  leaks as (
    select null::text as column_name, null::text as reason where false
    {%- for column in columns if column.name not in left_out %}
    union all
    {{ dbt_madpy.leaks_of(column, target, types[target], correlation) }}
    {%- endfor %}
  )
  select * from leaks
{% endtest %}


{# The reasons for which a column leaks, over the rows `labelled`. #}
{% macro leaks_of(column, target, target_type, correlation) %}
  {%- set value = 's.' ~ dbt_madpy.quoted(column.name) -%}
  select {{ dbt_madpy.literal(column.name) }}, r.reason
  from (
    select pg_catalog.count(*) as num_values, pg_catalog.sum(v.num_rows) as num_rows,
           pg_catalog.sum(v.num_rows) filter (where v.num_rows > 1) as num_shared,
           pg_catalog.bool_and(v.low = v.high) as is_determined, pg_catalog.min(v.low) < pg_catalog.max(v.high) as varies,
           pg_catalog.min(v.low) filter (where v.is_missing) = pg_catalog.max(v.high) filter (where v.is_missing)
           and pg_catalog.min(v.low) filter (where not v.is_missing) = pg_catalog.max(v.high) filter (where not v.is_missing) as is_told_by_missing
    from (
      select {{ value }}::text is null as is_missing, pg_catalog.count(*) as num_rows, pg_catalog.min(s.madpy_target) as low, pg_catalog.max(s.madpy_target) as high
      from labelled as s group by {{ value }}::text
    ) as v
  ) as f
  cross join lateral (values
    ('it names a row: no two rows have the same value',
     {{ 'f.num_values = f.num_rows and f.num_rows > 1' if dbt_madpy.names_rows(column.type) else 'false' }}),
    ('each of its values occurs with one value of the target only', f.varies and f.is_determined and 2 * f.num_shared >= f.num_rows),
    ('whether it is NULL decides the target', f.varies and f.is_told_by_missing)
    {%- if dbt_madpy.is_number(column.type) and dbt_madpy.is_number(target_type) %},
    ('its correlation with the target is {{ correlation | float }} or more',
     (select pg_catalog.abs(pg_catalog.corr({{ value }}, s.{{ dbt_madpy.quoted(target) }})) >= {{ correlation | float }} from labelled as s))
    {%- endif %}
  ) as r (reason, is_so)
  where r.is_so
{%- endmacro %}


{# Whether values of a type may be names of rows: measurements often have no equal ones. #}
{% macro names_rows(type) %}
  {% do return(type in ['smallint', 'integer', 'bigint', 'text', 'uuid'] or type.startswith('character')) %}
{% endmacro %}


{% macro is_number(type) %}
  {% do return(type in ['smallint', 'integer', 'bigint', 'real', 'double precision'] or type.startswith('numeric')) %}
{% endmacro %}
