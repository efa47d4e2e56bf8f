{{ config(materialized='ml_model', meta={'madpy': {
    'algorithm': 'logregr_train', 'target': 'price > 300', 'features': 'size, age', 'parameters': {'max_iter': 50}}}) }}

select size + (id % 7) * 9 as size, age, price from {{ ref('houses') }}
