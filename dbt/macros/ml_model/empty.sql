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


{# Add a column that stands for the target, since an expression such as price > 300 may have one value only over rows that
   are made up; returns its name, or the target itself if that is several. #}
{% macro make_up_target(rows, target) %}
  {% set type = dbt_madpy.json_of('
    select pg_catalog.to_jsonb(pg_catalog.pg_typeof((' ~ target ~ '))::text)::text
    from ' ~ rows.include(database=false) ~ ' limit 1') %}
  {% if type == 'record' %}{% do return(target) %}{% endif %}
  {% call statement('dbt_madpy_make_up') %}
    alter table {{ rows.include(database=false) }} add column madpy_target {{ type }};
    update {{ rows.include(database=false) }} as r
    set madpy_target = {{ dbt_madpy.made_up_value(type, 1, '(pg_catalog.hashtext((r.*)::text) & 1023)') }}
  {% endcall %}
  {% do return('madpy_target') %}
{% endmacro %}


{# A value that differs between rows, whose number is the expression `i`, and between columns; of a type without one, NULL. #}
{% macro made_up_value(type, place, i='i') %}
  {% set number = '(1 + (' ~ i ~ ' * ' ~ (7919 + 104 * place) ~ ' + ' ~ i ~ ' * ' ~ i ~ ' * ' ~ place ~ ') % 97)' %}
  {% set binary = '((' ~ i ~ ' + ' ~ i ~ ' / ' ~ (place + 1) ~ ') % 2)' %}
  {% if type in ['smallint', 'integer', 'bigint', 'real', 'double precision'] or type.startswith('numeric') %}
    {% do return(number ~ '::' ~ type) %}
  {% elif type == 'boolean' %}
    {% do return(binary ~ ' = 0') %}
  {% elif type == 'text' or type.startswith('character') %}
    {% do return('pg_catalog.chr(97 + ' ~ binary ~ ')') %}
  {% elif type == 'date' or type.startswith('timestamp') %}
    {% do return("('2000-01-01'::date + " ~ number ~ ')::' ~ type) %}
  {% elif type in ['smallint[]', 'integer[]', 'bigint[]', 'real[]', 'double precision[]', 'numeric[]'] %}
    {% do return('array[' ~ number ~ ', ' ~ binary ~ ']::' ~ type) %}
  {% endif %}
  {% do return('null::' ~ type) %}
{% endmacro %}
