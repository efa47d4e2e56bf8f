{{ config(materialized='ml_model', meta={'madpy': {'algorithm': 'kmeans', 'target': 'price', 'parameters': {'k': 2}}}) }}

select * from {{ ref('houses') }}
