{# The rows of a submission to Kaggle: the columns `id` and that of the target, in the order of id.

   id: the column that names a row
   target: name of the column of predictions; none takes the target that the model was trained on
   type: a type that predictions are cast to, such as integer where labels are true and false
   missing: the prediction of a row for which the model has none #}
{% macro kaggle_submission(model, relation, id, target=none, type=none, missing=none) %}
  {% do return(adapter.dispatch('kaggle_submission', 'dbt_madpy')(model, relation, id, target, type, missing)) %}
{% endmacro %}


{% macro default__kaggle_submission(model, relation, id, target, type, missing) %}
  {%- set facts = dbt_madpy.model_facts(model) -%}
  {%- set prediction = 'p.prediction' ~ ('::' ~ type if type else '') -%}
  select p.{{ dbt_madpy.quoted(id) }},
         {{ prediction if missing is none else 'coalesce(' ~ prediction ~ ', ' ~ dbt_madpy.literal(missing) ~ ')' }} as {{ dbt_madpy.quoted(target or (facts or {}).get('more', {}).get('target') or 'prediction') }}
  from ({{ dbt_madpy.predict(model, relation) }}) as p
  order by p.{{ dbt_madpy.quoted(id) }}
{%- endmacro %}
