{# The rows of a relation, each with its `prediction`, computed when the rows are read; NULL where the model has none.

   model: ref of a model, or the name of a project
   relation: ref, source, or the name of a CTE
   offset: SQL over a row s, for a model of glm_train with an offset #}
{% macro predict(model, relation, offset=none) %}
  {% do return(adapter.dispatch('predict', 'dbt_madpy')(model, relation, offset)) %}
{% endmacro %}


{% macro default__predict(model, relation, offset) %}
  {%- set facts = dbt_madpy.model_facts(model) -%}
  {%- if facts -%}
  select s.*, {{ dbt_madpy.prediction_item(facts, dbt_madpy.vector_of(facts, relation), offset) }} as prediction
  from {{ dbt_madpy.scored_rows(facts, relation) }}
  {%- else -%}
  select s.*, null::text as prediction from {{ dbt_madpy.rows_of(relation, 's') }}
  {%- endif -%}
{% endmacro %}
