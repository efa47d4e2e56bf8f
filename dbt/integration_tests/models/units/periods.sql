select id, fold from ({{ dbt_madpy.folds(ref('small'), folds=2, by='time', column='day') }}) as f
