{{ config(materialized='ml_model', meta={'madpy': {
    'algorithm': 'train', 'target': 'price', 'exclude': ['id'], 'require': {'r2': 0.9}, 'training_set': 'table',
    'parameters': {'task': 'regression', 'algorithm': 'linear'}}}) }}

select * from {{ ref('houses') }}
