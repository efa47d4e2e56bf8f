{{ config(materialized='ml_model', meta={'madpy': {
    'algorithm': 'train', 'target': 'price', 'features': var('gated_features', ['size', 'age']), 'better_than': 'deployed',
    'parameters': {'task': 'regression', 'algorithm': 'linear'}}}) }}

select * from {{ ref('houses') }}
