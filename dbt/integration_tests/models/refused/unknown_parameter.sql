{{ config(materialized='ml_model', meta={'madpy': {'algorithm': 'regr', 'target': 'price', 'parameters': {'max_depth': 3}}}) }}

select * from {{ ref('houses') }}
