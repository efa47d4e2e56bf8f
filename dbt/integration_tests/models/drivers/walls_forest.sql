{{ config(materialized='ml_model', meta={'madpy': {
    'algorithm': 'sk', 'target': 'walls', 'features': ['size', 'age', 'price', '"the number"'], 'holdout': 'is_new',
    'parameters': {'algorithm': 'random_forest', 'hyperparams': {'n_estimators': 10}, 'seed': 3}}}) }}

select *, id % 3 as "the number" from {{ ref('houses') }}
