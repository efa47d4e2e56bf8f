{{ config(materialized='ml_model', meta={'madpy': {'algorithm': 'regr', 'target': 'price', 'better_than': 'deployed'}}) }}

select * from {{ ref('houses') }}
