{{ config(materialized='ephemeral') }}

select * from {{ ref('new_rows') }}
