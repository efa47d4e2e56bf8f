{{ config(materialized='ml_model', meta={'madpy': {'algorithm': 'train', 'target': 'grade', 'features': ['size', 'walls'], 'parameters': {'task': 'classification', 'algorithm': 'lda'}}}) }}

select * from {{ ref('rows') }}
