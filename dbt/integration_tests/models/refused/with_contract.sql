{{ config(materialized='ml_model', contract={'enforced': true}, meta={'madpy': {'algorithm': 'regr', 'target': 'price'}}) }}

select * from {{ ref('houses') }}
