{{ config(materialized='ml_model', meta={'madpy': {
    'algorithm': 'regr', 'target': 'price', 'exclude': ['id'], 'holdout': 'is_test'}}) }}

select * from {{ ref('split_houses') }}
