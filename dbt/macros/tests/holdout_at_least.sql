{# The metric of a model over the rows of a relation, which it was not fitted on, is within bounds.
   relation: a table or view with the columns that the model was trained on, and its target
   target: an expression over it, where it is not the column that the model was trained on #}
{% test holdout_at_least(model, relation, metric, at_least=none, at_most=none, target=none) %}
  {{ dbt_madpy.out_of_bounds("select e.value from (" ~ dbt_madpy.evaluate(model, relation, target) ~ ") as e where e.part = 'metric' and e.name = " ~ dbt_madpy.literal(metric),
      metric, at_least, at_most) }}
{% endtest %}


{# A row for a value that is missing or out of bounds, given SQL of the value. #}
{% macro out_of_bounds(value_sql, metric, at_least, at_most) %}
  {%- if at_least is not number and at_most is not number -%}
    {%- do dbt_madpy.fail('the metric "' ~ metric ~ '" has no bound', 'Set at_least or at_most to a number') -%}
  {%- endif -%}
  select v.* from (
    select {{ dbt_madpy.literal(metric) }}::text as metric, ({{ value_sql }}) as value,
           {{ dbt_madpy.literal(at_least) }}::double precision as at_least, {{ dbt_madpy.literal(at_most) }}::double precision as at_most
  ) as v
  where v.value is null or v.value < v.at_least or v.value > v.at_most
{% endmacro %}
