{{ config(materialized='ml_model', meta={'madpy': {'algorithm': 'regr', 'target': 'price', 'exclude': ['Id']}}) }}

select * from {{ ref('houses') }}
