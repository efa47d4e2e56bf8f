{{ config(materialized='ml_model', meta={'madpy': {'algorithm': 'regr', 'target': 'price', 'retrain': 'sometimes'}}) }}

select * from {{ ref('houses') }}
