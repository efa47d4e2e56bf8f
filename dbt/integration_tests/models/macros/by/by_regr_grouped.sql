{{ config(materialized='ml_model', meta={'madpy': {'algorithm': 'regr', 'target': 'price', 'features': ['walls', 'size'], 'parameters': {'grouping_cols': 'region'}}}) }}

select * from {{ ref('rows') }}
