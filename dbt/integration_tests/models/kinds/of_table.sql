{{ config(materialized='ml_model', meta={'madpy': {
    'algorithm': 'regr', 'target': 'price', 'exclude': 'id', 'training_set': 'table', 'holdout': 0.2}}) }}

select * from {{ ref('few_houses') }}
