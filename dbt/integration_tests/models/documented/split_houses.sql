{{ config(materialized='table') }}

{{ dbt_madpy.train_test_split(ref('houses'), share=0.25, by='stratified', column='walls') }}
