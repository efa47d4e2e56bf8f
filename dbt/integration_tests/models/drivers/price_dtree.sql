{{ config(materialized='ml_model', meta={'madpy': {
    'algorithm': 'dtree', 'target': 'price', 'exclude': ['id'], 'holdout': 0.25,
    'parameters': {'max_depth': 4, 'weights': 'copies'}}}) }}

select *, 1 + id % 2 as copies from {{ ref('houses') }}
