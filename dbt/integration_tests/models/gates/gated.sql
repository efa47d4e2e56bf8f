{# The vars of a run make the model better or worse than the one before. #}
{{ config(materialized='ml_model', meta={'madpy': {
    'algorithm': 'regr', 'target': var('gated_target', 'price'), 'features': var('gated_features', 'size, age'), 'holdout': 0.3,
    'require': var('required', {}), 'better_than': 'deployed', 'metric': 'rmse'}}) }}

select * from {{ ref('houses') }}
