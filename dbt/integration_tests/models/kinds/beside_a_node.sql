{{ config(materialized='ml_model', meta={'madpy': {'algorithm': 'regr', 'target': 'price', 'exclude': 'id'}}) }}

select * from {{ ref('houses') }}
