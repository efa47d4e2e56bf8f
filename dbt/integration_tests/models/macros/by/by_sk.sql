{{ config(materialized='ml_model', meta={'madpy': {'algorithm': 'sk', 'target': 'price', 'features': ['walls', 'size', 'age', 'width'], 'parameters': {'algorithm': 'random_forest', 'hyperparams': {'n_estimators': 5}}}}) }}

select * from {{ ref('rows') }}
