{{ dbt_madpy.folds(ref('rows'), folds=4, by='group', column='day') }}
