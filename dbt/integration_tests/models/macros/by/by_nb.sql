{{ config(materialized='ml_model', meta={'madpy': {'algorithm': 'nb', 'target': 'grade', 'features': ['walls', 'size', 'age', 'width', 'is_new', '"Bath ""Rooms"""']}}) }}

select * from {{ ref('rows') }}
