{{ config(materialized='ml_model', meta={'madpy': {'algorithm': 'regr', 'target': 'prize'}}) }}

select * from {{ ref('houses') }}
