{# A model was trained within `max_age`, and after the newest of its rows.

   max_age: an interval, such as "7 days"
   relation, loaded_at: rows, and their column with the time from which on they could be trained on
   max_lag: the interval for which a model may be older than the newest row #}
{% test not_stale(model, max_age=none, relation=none, loaded_at=none, max_lag='0 seconds') %}
  {%- if max_age is none and relation is none or (relation is none) != (loaded_at is none) -%}
    {%- do dbt_madpy.fail('not_stale does not say when a model is stale', 'Set max_age, or relation and loaded_at') -%}
  {%- endif -%}
  {%- do dbt_madpy.tested_training(model) -%}
  select t.* from (
    select (select l.trained_at from ({{ dbt_madpy.last_training_sql(model) }}) as l) as trained_at,
           {{ 'null' if relation is none else '(select pg_catalog.max(r.' ~ dbt_madpy.quoted(loaded_at) ~ ') from ' ~ dbt_madpy.rows_of(relation, 'r') ~ ')' }}::timestamptz as newest_row
  ) as t
  where t.trained_at is null
    or t.trained_at + {{ dbt_madpy.literal(max_age) }}::interval < pg_catalog.now()
    or t.trained_at + {{ dbt_madpy.literal(max_lag) }}::interval < t.newest_row
{% endtest %}
