{{ config(materialized='table') }}

-- What the best model looks at.
{{ dbt_madpy.importance(best_model(), relation=ref('fitted_passengers')) }}
