{{ config(materialized='ml_model', on_schema_change='append_new_columns',
          meta={'madpy': {'algorithm': 'regr', 'target': 'price'}}) }}

select * from {{ ref('houses') }}
