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
