{# What a model gives for a row s of a relation, by the row functions of the library. #}

{# A column of the model for s: of the one row of a model without groups, which a statement reads once, or of m, the row of
   its group.  It is NULL if the model has been trained on other features since the statement was made. #}
{% macro model_item(facts, column) %}
  {% if facts.groups %}{% do return('m.' ~ column) %}{% endif %}
  {% do return('(select m.' ~ column ~ ' from ' ~ facts.table ~ ' as m where ' ~ dbt_madpy.same_features(facts) ~ ')') %}
{% endmacro %}


{# Whether a row m of the model has the features that the statement was made for.  sk finds them by their names itself. #}
{% macro same_features(facts) %}
  {% if facts.method == 'sk' %}{% do return('true') %}{% endif %}
  {% do return('m.feature_names = ' ~ dbt_madpy.text_array(facts.more.feature_names)) %}
{% endmacro %}


{# Items of FROM: the rows s of a relation, each with the row m of its group. #}
{% macro scored_rows(facts, relation) -%}
  {{ dbt_madpy.rows_of(relation, 's') }}
  {%- if facts.groups %}
  left join {{ facts.table }} as m on {{ dbt_madpy.same_features(facts) }}
    {%- for group in facts.groups %} and s.{{ dbt_madpy.quoted(group) }} is not distinct from m.{{ dbt_madpy.quoted(group) }}{% endfor %}
  {%- endif %}
{%- endmacro %}


{# The type of labels: that of the target if it is a number or boolean, else text.  A table cannot name others. #}
{% macro label_type(facts) %}
  {% set type = facts.more.class_type or facts.more.target_type %}
  {% do return(type if type in ['smallint', 'integer', 'bigint', 'real', 'double precision', 'numeric', 'boolean'] else 'text') %}
{% endmacro %}


{# A call of a function of a project's model for s. #}
{% macro project_call(facts, function) %}
  {% set model = dbt_madpy.literal(facts.project) if facts.project else '(select m.model_id from ' ~ facts.table ~ ' as m)' %}
  {% do return(dbt_madpy.projects_function(function) ~ '(' ~ model ~ ', s)') %}
{% endmacro %}


{# The prediction for s. #}
{% macro prediction_item(facts, vector, offset) %}
  {% set item, more = dbt_madpy.model_item, facts.more %}
  {% if facts.method == 'project' %}
    {% do return('(' ~ dbt_madpy.project_call(facts, 'predict_class') ~ ').label' if more.task == 'classification' else dbt_madpy.project_call(facts, 'predict')) %}
  {% elif facts.method == 'kmeans' %}
    {% do return(dbt_madpy.library_function('kmeans_predict') ~ '(' ~ item(facts, 'centroids') ~ ', ' ~ vector ~ ', ' ~ item(facts, 'distance') ~ ')') %}
  {% elif facts.method in ['nb', 'dtree', 'sk'] %}
    {% set functions = {
        'nb': 'nb_predict', 'dtree': 'dtree_predict' if more.classes else 'dtree_predict_number',
        'sk': 'sk_predict_class' if more.classes else 'sk_predict_all' if more.task == 'decomposition' else 'sk_predict'} %}
    {% set call = dbt_madpy.library_function(functions[facts.method]) ~ '(' ~ item(facts, 'model') ~ ', ' ~ vector ~ ')' %}
    {% do return(call ~ '::' ~ dbt_madpy.label_type(facts) if more.classes else call) %}
  {% endif %}
  {% set link = dbt_madpy.literal(more.link) ~ ', ' if facts.method == 'glm' else '' %}
  {% set call = dbt_madpy.library_function(facts.method ~ '_predict') ~ '(' ~ item(facts, 'coef') ~ ', ' ~ vector ~ ', ' ~ link
      ~ item(facts, 'aliases') ~ ('' if offset is none else ', ' ~ offset) ~ ')' %}
  {% if facts.method == 'logregr' %}
    {% do return('(case ' ~ call ~ ' when true then ' ~ dbt_madpy.literal(more.classes[1]) ~ ' when false then '
        ~ dbt_madpy.literal(more.classes[0]) ~ ' end)::' ~ dbt_madpy.label_type(facts)) %}
  {% endif %}
  {% do return(call) %}
{% endmacro %}


{# An item of FROM: a row for each class, with its `probability` for s. #}
{% macro class_rows(facts, vector) %}
  {% set item, more = dbt_madpy.model_item, facts.more %}
  {% if facts.method == 'project' and more.task == 'classification' %}
    {% do return('(select key, value::double precision from pg_catalog.jsonb_each_text(' ~ dbt_madpy.project_call(facts, 'predict_proba') ~ ')) as c (class, probability)') %}
  {% elif facts.method == 'logregr' %}
    {% set second = dbt_madpy.library_function('logregr_predict_prob') ~ '(' ~ item(facts, 'coef') ~ ', ' ~ vector ~ ', ' ~ item(facts, 'aliases') ~ ')::double precision' %}
    {% do return('(select label, case when is_second then p else 1 - p end from (select ' ~ second ~ ' as p offset 0) as b cross join (values ('
        ~ dbt_madpy.literal(more.classes[0]) ~ ', false), (' ~ dbt_madpy.literal(more.classes[1]) ~ ', true)) as v (label, is_second)) as c (class, probability)') %}
  {% elif more.classes %}
    {% do return(dbt_madpy.library_function(facts.method ~ '_predict_prob') ~ '(' ~ item(facts, 'model') ~ ', ' ~ vector ~ ') as c') %}
  {% endif %}
  {% do dbt_madpy.fail('the model has no classes, and so no probabilities', 'Call predict in place of predict_prob') %}
{% endmacro %}
