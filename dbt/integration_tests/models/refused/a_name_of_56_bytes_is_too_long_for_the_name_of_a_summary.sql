{{ config(materialized='ml_model', meta={'madpy': {'algorithm': 'regr', 'target': 'price'}}) }}

select * from {{ ref('houses') }}
