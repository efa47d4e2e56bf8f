{{ config(materialized='view') }}

select * from {{ ref('labelled_passengers') }} where not is_test
