{{ config(materialized='table') }}

{{ dbt_madpy.kaggle_submission(best_model(), ref('new_passengers'), 'passenger_id', type='integer') }}
