{# A value as an SQL literal; a list or mapping as JSON. #}
{% macro literal(value) %}
  {% if value is none %}{% do return('null') %}{% endif %}
  {% if value is boolean or value is number %}{% do return(value | string | lower) %}{% endif %}
  {% set text = value if value is string else tojson(value) %}
  {# E'' reads backslashes in the same way, whatever standard_conforming_strings is. #}
  {% if '\\' in text %}{% do return("E'" ~ text.replace('\\', '\\\\').replace("'", "''") ~ "'") %}{% endif %}
  {% do return("'" ~ text.replace("'", "''") ~ "'") %}
{% endmacro %}


{# An identifier in double quotes, whatever is in it. #}
{% macro quoted(name) %}
  {% do return('"' ~ name.replace('"', '""') ~ '"') %}
{% endmacro %}


{# A relation as its number in the catalogue. #}
{% macro regclass(relation) %}
  {% do return(dbt_madpy.literal(relation.include(database=false) | string) ~ '::pg_catalog.regclass') %}
{% endmacro %}


{# The JSON value that a query of one row and one column returns, which it casts to text. #}
{% macro json_of(query) %}
  {% if not execute %}{% do return(none) %}{% endif %}
  {% call statement('dbt_madpy_json', fetch_result=true) %}{{ query }}{% endcall %}
  {% set data = load_result('dbt_madpy_json').data %}
  {% do return(fromjson(data[0][0]) if data and data[0][0] is not none else none) %}
{% endmacro %}


{% macro execute_sql(sql) %}
  {% call statement('dbt_madpy_execute') %}{{ sql }}{% endcall %}
{% endmacro %}
