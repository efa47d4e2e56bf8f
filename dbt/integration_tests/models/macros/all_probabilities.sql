{{ config(materialized='view') }}

{% for method in ['logregr', 'nb', 'dtree_grouped', 'sk_class', 'project_class'] %}
select '{{ method }}' as method, p.id, p.prediction::text as prediction, p.probability
from ({{ dbt_madpy.predict_prob(ref('by_' ~ method), ref('new_rows')) }}) as p
{{ 'union all' if not loop.last }}
{% endfor %}
