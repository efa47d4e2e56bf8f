{{ config(materialized='view') }}

select passenger_id, class, sex, title, age, prediction as survived
from ({{ dbt_madpy.predict(best_model(), ref('new_passengers')) }}) as p
