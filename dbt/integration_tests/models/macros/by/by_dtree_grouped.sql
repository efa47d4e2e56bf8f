{{ config(materialized='ml_model', meta={'madpy': {'algorithm': 'dtree', 'target': 'grade', 'features': ['walls', 'size', 'width'], 'parameters': {'grouping_cols': 'region'}}}) }}

select * from {{ ref('rows') }}
