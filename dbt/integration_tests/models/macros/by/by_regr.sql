{{ config(materialized='ml_model', meta={'madpy': {'algorithm': 'regr', 'target': 'price', 'features': ['walls', 'size', 'age', 'months', 'width', 'is_new', '"Bath ""Rooms"""']}}) }}

select * from {{ ref('rows') }}
