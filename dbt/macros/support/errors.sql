{# Ends the run of a node: a fact, then a hint that is something to do. #}
{% macro fail(fact, hint=none) %}
  {% do exceptions.raise_compiler_error(fact ~ ('. ' ~ hint ~ '.' if hint else '')) %}
{% endmacro %}


{# Names in double quotes, with commas. #}
{% macro listed(names) %}
  {% set quoted = [] %}
  {% for name in names %}{% do quoted.append('"' ~ name ~ '"') %}{% endfor %}
  {% do return(quoted | join(', ')) %}
{% endmacro %}
