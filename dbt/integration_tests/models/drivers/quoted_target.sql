{# The target and the column that is left out have quotes in their names. #}
{{ config(materialized='ml_model', meta={'madpy': {'algorithm': 'regr', 'target': '"the ""price"""', 'exclude': ['the "id"']}}) }}

select id as "the ""id""", price as "the ""price""", size from {{ ref('houses') }}
