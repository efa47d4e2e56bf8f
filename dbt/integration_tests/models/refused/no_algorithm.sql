{{ config(materialized='ml_model', meta={'madpy': {'target': 'price'}}) }}

select * from {{ ref('houses') }}
