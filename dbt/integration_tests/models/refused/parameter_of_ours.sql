{{ config(materialized='ml_model', meta={'madpy': {'algorithm': 'regr', 'target': 'price', 'parameters': {'output_table': 'x'}}}) }}

select * from {{ ref('houses') }}
