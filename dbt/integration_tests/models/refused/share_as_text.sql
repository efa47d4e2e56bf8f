{{ config(materialized='ml_model', meta={'madpy': {'algorithm': 'regr', 'target': 'price', 'holdout': '0.2'}}) }}

select * from {{ ref('houses') }}
