{{ config(materialized='ml_model', meta={'madpy': {'algorithm': 'glm', 'target': 'price', 'features': ['size', 'walls'], 'parameters': {'family': 'gamma', 'link': 'log'}}}) }}

select * from {{ ref('rows') }}
