{{ config(materialized='ml_model', meta={'madpy': {'algorithm': 'train', 'target': 'price', 'features': ['size', 'walls'], 'parameters': {'task': 'regression', 'algorithm': 'ridge'}}}) }}

select * from {{ ref('rows') }}
