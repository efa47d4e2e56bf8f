{# The rows of a relation, each once for every class: `prediction` is the class, `probability` its probability for the row.
   The arguments are those of predict. #}
{% macro predict_prob(model, relation) %}
  {% do return(adapter.dispatch('predict_prob', 'dbt_madpy')(model, relation)) %}
{% endmacro %}


{% macro default__predict_prob(model, relation) %}
  {%- set facts = dbt_madpy.model_facts(model) -%}
  {%- if facts -%}
  select s.*, c.class::{{ dbt_madpy.label_type(facts) }} as prediction, c.probability
  from {{ dbt_madpy.scored_rows(facts, relation) }}
  left join lateral {{ dbt_madpy.class_rows(facts, dbt_madpy.vector_of(facts, relation)) }} on true
  {%- else -%}
  select s.*, null::text as prediction, null::double precision as probability from {{ dbt_madpy.rows_of(relation, 's') }}
  {%- endif -%}
{% endmacro %}
