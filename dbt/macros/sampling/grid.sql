{# All combinations of values, a list of mappings: grid({"max_depth": [3, 5], "criterion": ["gini", "entropy"]}) has four.
   A value that is no list is in each of them.  A list, such as one of mappings, is returned as it is. #}
{% macro grid(values) %}
  {% if values is not mapping %}{% do return(values) %}{% endif %}
  {% set combinations = namespace(all=[{}]) %}
  {% for name, given in values.items() %}
    {% set longer = [] %}
    {% for combination in combinations.all %}
      {% for value in (given if given is sequence and given is not string and given is not mapping else [given]) %}
        {% do longer.append(dict(combination, **{name: value})) %}
      {% endfor %}
    {% endfor %}
    {% set combinations.all = longer %}
  {% endfor %}
  {% do return(combinations.all) %}
{% endmacro %}
