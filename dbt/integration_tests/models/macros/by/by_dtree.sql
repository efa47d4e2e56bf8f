{{ config(materialized='ml_model', meta={'madpy': {'algorithm': 'dtree', 'target': 'price', 'features': ['walls', 'size', 'age', 'width', 'is_new', '"Bath ""Rooms"""']}}) }}

select * from {{ ref('rows') }}
