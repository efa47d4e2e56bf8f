{# How much a model depends on each feature, the largest first: `feature`, `importance`, `deviation` and `method`.
   method: coefficients, impurity or permutation; auto takes the first of these that the model has
   relation: a table or view with rows, which coefficients and permutations of models that are tables need #}
{% macro importance(model, method='auto', relation=none) %}
  {% do return(adapter.dispatch('importance', 'dbt_madpy')(model, method, relation)) %}
{% endmacro %}


{% macro default__importance(model, method, relation) -%}
  select i.*
  from {{ dbt_madpy.projects_function('importance') }}({{ dbt_madpy.model_argument(model) }},
      method => {{ dbt_madpy.literal(method) }}, relation => {{ dbt_madpy.relation_argument(relation) }}) as i
{%- endmacro %}
