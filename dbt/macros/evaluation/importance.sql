{# How much a model depends on each feature, the largest first: `feature`, `importance`, `deviation` and `method`.
   method: coefficients, impurity or permutation; auto takes the first of these that the model has. #}
{% macro importance(model, method='auto') %}
  {% do return(adapter.dispatch('importance', 'dbt_madpy')(model, method)) %}
{% endmacro %}


{% macro default__importance(model, method) -%}
  select i.*
  from {{ dbt_madpy.projects_function('importance') }}({{ dbt_madpy.model_argument(model) }}, method => {{ dbt_madpy.literal(method) }}) as i
{%- endmacro %}
