{# The rows of a relation, each once for every feature: `feature`, its `contribution` to the prediction, and `class` where a
   model has several outputs.  With the row whose feature is NULL, contributions add up to what the model computes. #}
{% macro explain(model, relation) %}
  {% do return(adapter.dispatch('explain', 'dbt_madpy')(model, relation)) %}
{% endmacro %}


{% macro default__explain(model, relation) -%}
  select s.*, e.class, e.feature, e.contribution
  from {{ dbt_madpy.rows_of(relation, 's') }}
  cross join lateral {{ dbt_madpy.projects_function('explain') }}({{ dbt_madpy.model_argument(model) }}, s) as e
{%- endmacro %}
