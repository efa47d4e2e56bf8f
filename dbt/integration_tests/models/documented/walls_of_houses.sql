{{ config(materialized='ml_model', meta={'madpy': {
    'algorithm': 'train', 'target': 'walls', 'exclude': ['id'],
    'parameters': {'task': 'classification', 'algorithm': 'random_forest', 'hyperparams': {'n_estimators': 10}}}}) }}

select * from {{ ref('houses') }}
