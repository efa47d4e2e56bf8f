{{ dbt_madpy.train_test_split(ref('small'), share=0.4, by='time', column='day') }}
