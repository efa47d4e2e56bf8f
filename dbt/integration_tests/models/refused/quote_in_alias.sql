{{ config(materialized='ml_model', alias='a "b"', meta={'madpy': {'algorithm': 'regr', 'target': 'price'}}) }}

select * from {{ ref('houses') }}
