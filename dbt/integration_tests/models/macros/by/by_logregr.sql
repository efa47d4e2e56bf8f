{{ config(materialized='ml_model', meta={'madpy': {'algorithm': 'logregr', 'target': 'sold', 'features': ['walls', 'size', 'is_new']}}) }}

select * from {{ ref('rows') }}
