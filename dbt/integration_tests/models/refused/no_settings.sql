{{ config(materialized='ml_model', meta={'madpy': none}) }}

select * from {{ ref('houses') }}
