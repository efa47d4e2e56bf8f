{{ config(materialized='ml_model', meta={'madpy': {'algorithm': 'regr', 'target': 'price', 'exclude': 'id', 'require': var('required', {})}}) }}

select * from {{ ref('houses') }}
