{# Each way to split the same rows. #}
{% for by, column in {'random': none, 'stratified': 'grade', 'time': 'day', 'group': ['region', 'age']}.items() %}
select '{{ by }}' as way, r.* from ({{ dbt_madpy.train_test_split(ref('rows'), share=0.3, by=by, column=column) }}) as r
{{ 'union all' if not loop.last }}
{% endfor %}
