{# The figures of a model over the rows of a relation, one in a row: `part`, `name`, `class`, `value` and others.

   relation: a table or view; none takes the rows for testing of a project
   target: an expression over the relation; none takes the column that the model was trained on #}
{% macro evaluate(model, relation=none, target=none) %}
  {% do return(adapter.dispatch('evaluate', 'dbt_madpy')(model, relation, target)) %}
{% endmacro %}


{% macro default__evaluate(model, relation, target) -%}
  select f.*
  from {{ dbt_madpy.projects_function('evaluate') }}({{ dbt_madpy.model_argument(model) }},
      relation => {{ dbt_madpy.relation_argument(relation) }}, y_column_name => {{ dbt_madpy.literal(target) }}) as f
{%- endmacro %}
