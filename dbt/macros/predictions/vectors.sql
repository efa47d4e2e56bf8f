{# SQL of the features of a row s, as the row function of a method takes them. #}

{% macro vector_of(facts, relation) %}
  {% if facts.method in ['sk', 'project'] %}{% do return('s') %}{% endif %}
  {% set types = dbt_madpy.column_types(relation) %}
  {% do return(dbt_madpy.texts_of(facts, types) if facts.method in ['nb', 'dtree'] else dbt_madpy.terms_of(facts, types)) %}
{% endmacro %}


{# Features of trees and of naive Bayes as texts: numbers and levels.  A real becomes a double first, as in training. #}
{% macro texts_of(facts, types) %}
  {% set items = [] %}
  {% for name in facts.more.feature_names %}
    {% do items.append(dbt_madpy.feature_column(name, types) ~ ('::double precision' if types.get(name) == 'real' else '') ~ '::text') %}
  {% endfor %}
  {% do return('array[' ~ items | join(', ') ~ ']') %}
{% endmacro %}


{# The terms of a linear model or of clusters, a number for each.  The array is NULL for a row that has a value in a text
   column which training had not seen. #}
{% macro terms_of(facts, types) %}
  {% set terms = facts.more.terms.terms %}
  {% if terms[0].kind == 'vector' %}
    {% do return(dbt_madpy.feature_column(terms[0].column or terms[0].name, types) ~ '::double precision[]') %}
  {% endif %}
  {% set items, levels = [], {} %}
  {% for column, reference in facts.more.terms.references.items() %}{% do levels.update({column: [reference]}) %}{% endfor %}
  {% for term in terms %}
    {% if term.kind == 'intercept' %}
      {% do items.append('1') %}
    {% elif term.kind == 'level' %}
      {% do levels[term.column].append(term.level) %}
      {% do items.append('(' ~ dbt_madpy.feature_column(term.column, types) ~ '::text = ' ~ dbt_madpy.literal(term.level) ~ ')::integer') %}
    {% else %}
      {% set name = term.column or term.name %}
      {% do items.append(dbt_madpy.feature_column(name, types) ~ ('::integer' if types.get(name) == 'boolean' else '')) %}
    {% endif %}
  {% endfor %}
  {% set known = [] %}
  {% for column in levels %}
    {% do known.append(dbt_madpy.feature_column(column, types) ~ '::text = any (' ~ dbt_madpy.text_array(levels[column]) ~ ')') %}
  {% endfor %}
  {% set vector = 'array[' ~ items | join(', ') ~ ']::double precision[]' %}
  {% do return('case when ' ~ known | join(' and ') ~ ' then ' ~ vector ~ ' end' if known else vector) %}
{% endmacro %}


{# A feature as a column of a row s. #}
{% macro feature_column(name, types) %}
  {% if types and name not in types %}
    {% do dbt_madpy.fail('the relation has no column "' ~ name ~ '", which the model was trained on',
        'Add it; in place of an expression among the features, make it a column of the rows to train on') %}
  {% endif %}
  {% do return('s.' ~ dbt_madpy.quoted(name)) %}
{% endmacro %}
