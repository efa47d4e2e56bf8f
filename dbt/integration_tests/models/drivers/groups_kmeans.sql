{{ config(materialized='ml_model', meta={'madpy': {'algorithm': 'kmeans', 'parameters': {'k': 3}}}) }}

select size, age from {{ ref('houses') }}
