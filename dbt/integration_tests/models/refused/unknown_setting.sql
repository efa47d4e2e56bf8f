{{ config(materialized='ml_model', meta={'madpy': {'algorithm': 'regr', 'feature': 'size'}}) }}

select * from {{ ref('houses') }}
