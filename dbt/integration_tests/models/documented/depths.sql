{{ config(materialized='table') }}

{{ dbt_madpy.cross_validate(ref('houses'), 'dtree', target='price', exclude='id',
                            parameters={'max_depth': [1, 3, 5], 'min_bucket': 5}, folds=4) }}
