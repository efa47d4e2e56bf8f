{{ config(materialized='ml_model', meta={'madpy': {
    'algorithm': 'regr', 'target': 'price', 'features': ['size', 'rooms'], 'holdout': 0.25}}) }}

select * from {{ ref('checked_rows') }}
