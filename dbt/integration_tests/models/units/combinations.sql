{% for parameters in dbt_madpy.grid({'k': [2, 3], 'distance': 'cosine', 'options': dbt_madpy.grid({'a': [true, none]})}) %}
select '{{ tojson(parameters, sort_keys=true) }}' as parameters {{ 'union all' if not loop.last }}
{% endfor %}
