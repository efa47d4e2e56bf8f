{{ config(materialized='ml_model', meta={'madpy': {'algorithm': 'regr', 'target': 'price', 'holdout': 'age'}}) }}

select * from {{ ref('houses') }}
