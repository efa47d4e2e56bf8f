{# What predict gives for each model and row; features of a row may come from a CTE. #}
{{ config(materialized='view') }}

with given as (select * from {{ ref('new_rows') }})
{% for method in ['regr', 'regr_grouped', 'glm', 'nb', 'dtree', 'dtree_grouped', 'kmeans', 'sk', 'project', 'project_class', 'sk_class', 'logregr'] %}
select '{{ method }}' as method, p.id, p.prediction::text as prediction
from ({{ dbt_madpy.predict(ref('by_' ~ method), ref('new_rows')) }}) as p
{{ 'union all' if not loop.last }}
{% endfor %}
union all
select 'cte', p.id, p.prediction::text
from ({{ dbt_madpy.predict(ref('by_glm'), 'given') }}) as p
union all
select 'ephemeral', p.id, p.prediction::text
from ({{ dbt_madpy.predict(ref('by_glm'), ref('passing_rows')) }}) as p
