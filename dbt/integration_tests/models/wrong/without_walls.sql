{{ config(enabled=var('with_wrong_models', false)) }}

select id, size, age, is_new from {{ ref('houses') }}
