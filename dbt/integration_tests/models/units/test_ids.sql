select class, count(*) as number from ({{ dbt_madpy.train_test_split(ref('small'), share=0.5, by='stratified', column='class', part='test') }}) as t group by class
