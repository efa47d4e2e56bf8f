{# Folds and parameters come from vars. #}
{{ dbt_madpy.cross_validate(ref('rows'), 'dtree', target='grade', exclude=['id', 'price', 'sold', 'day'], metric='f1') }}
