{# dbt run --empty: no row is read.  A model that is there is kept; in place of one that is not, a model is trained on rows
   that are made up, so that what reads it can be built.  Its registry row has no fingerprint, and the next run trains. #}

{% macro make_up_rows(rows, columns) %}
  {% set values = [] %}
  {% for column in columns %}{% do values.append(dbt_madpy.made_up_value(column.type, loop.index)) %}{% endfor %}
  {% call statement('dbt_madpy_make_up') %}
    insert into {{ rows.include(database=false) }}
    select {{ values | join(', ') }}
    from pg_catalog.generate_series(1, {{ [60, 4 * columns | length] | max }}) as i
  {% endcall %}
{% endmacro %}


{# A value that differs between rows `i` and between columns; of a type without one, NULL. #}
{% macro made_up_value(type, place) %}
  {% set number = '(i * ' ~ (7919 + 104 * place) ~ ' + i * i * ' ~ place ~ ') % 97' %}
  {% set binary = '((i + i / ' ~ (place + 1) ~ ') % 2)' %}
  {% if type in ['smallint', 'integer', 'bigint', 'real', 'double precision'] or type.startswith('numeric') %}
    {% do return('(' ~ number ~ ')::' ~ type) %}
  {% elif type == 'boolean' %}
    {% do return(binary ~ ' = 0') %}
  {% elif type == 'text' or type.startswith('character') %}
    {% do return('pg_catalog.chr(97 + ' ~ binary ~ ')') %}
  {% elif type == 'date' or type.startswith('timestamp') %}
    {% do return("('2000-01-01'::date + " ~ number ~ ')::' ~ type) %}
  {% elif type.endswith('[]') and type != 'text[]' %}
    {% do return('array[' ~ number ~ ', ' ~ binary ~ ']::' ~ type) %}
  {% endif %}
  {% do return('null::' ~ type) %}
{% endmacro %}
