{{ dbt_madpy.kaggle_submission(ref('by_logregr'), ref('new_rows'), id='id', type='integer', missing=0) }}
