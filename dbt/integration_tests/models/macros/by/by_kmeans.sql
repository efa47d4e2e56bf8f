{{ config(materialized='ml_model', meta={'madpy': {'algorithm': 'kmeans', 'features': ['size', 'age', 'width'], 'parameters': {'k': 3}}}) }}

select * from {{ ref('rows') }}
