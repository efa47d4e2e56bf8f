{# The figures of a model over the rows of a relation, one in a row: `part`, `name`, `class`, `value` and others.

   relation: a table or view with the columns that the model was trained on; none, where the model is the name of a project,
       takes its rows for testing
   target: an expression over the relation; none takes the column that the model was trained on #}
{% macro evaluate(model, relation=none, target=none) %}
  {% do return(adapter.dispatch('evaluate', 'dbt_madpy')(model, relation, target)) %}
{% endmacro %}


{% macro default__evaluate(model, relation, target) -%}
  {%- if relation is none and model is not string -%}
    {%- do dbt_madpy.fail('evaluate has no rows', 'Give a relation; metrics of the training are in the registry') -%}
  {%- endif -%}
  select f.*
  from {{ dbt_madpy.projects_function('evaluate') }}({{ dbt_madpy.model_argument(model) }},
      relation => {{ dbt_madpy.relation_argument(relation) }}, y_column_name => {{ dbt_madpy.literal(target) }}) as f
{%- endmacro %}
