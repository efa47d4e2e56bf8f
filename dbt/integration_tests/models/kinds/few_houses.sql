{{ config(materialized='ephemeral') }}

select * from {{ ref('houses') }} where id <= 50
