{{ config(materialized='table') }}

{{ dbt_madpy.cross_validate(ref('houses'), 'sk', target='walls', exclude=['id'], folds=2, metric='f1', parameters={
    'algorithm': ['random_forest', 'extra_trees'], 'hyperparams': dbt_madpy.grid({'n_estimators': [5, 10], 'max_depth': 3})}) }}
