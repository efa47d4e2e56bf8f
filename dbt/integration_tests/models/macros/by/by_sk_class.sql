{{ config(materialized='ml_model', meta={'madpy': {'algorithm': 'sk', 'target': 'sold', 'features': ['walls', 'size', 'is_new'], 'parameters': {'algorithm': 'lda'}}}) }}

select * from {{ ref('rows') }}
