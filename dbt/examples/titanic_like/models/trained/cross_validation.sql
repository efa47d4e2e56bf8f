{{ config(materialized='table') }}

{% set candidates = {
    'logregr': {},
    'dtree': {'max_depth': [3, 5]},
    'sk': {'algorithm': 'random_forest', 'hyperparams': {'n_estimators': 100, 'min_samples_leaf': 3}},
} %}

{% for algorithm, parameters in candidates.items() %}
{{ 'union all' if not loop.first }}
select '{{ algorithm }}' as algorithm, c.*
from (
    {{ dbt_madpy.cross_validate(ref('fitted_passengers'), algorithm, target='survived', exclude=['passenger_id', 'is_test', 'sex'],
                                parameters=parameters, by='stratified', column='survived', key='passenger_id') }}
) as c
{% endfor %}
