{# A gate without rows that are held out: figures are of the rows that are fitted on. #}
{{ config(materialized='ml_model', meta={'madpy': {
    'algorithm': 'regr', 'target': 'price', 'exclude': 'id', 'require': var('required', {})}}) }}

select * from {{ ref('houses') }}
