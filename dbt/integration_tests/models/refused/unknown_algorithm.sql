{{ config(materialized='ml_model', meta={'madpy': {'algorithm': 'regression'}}) }}

select * from {{ ref('houses') }}
