{{ config(enabled=var('with_wrong_models', false)) }}

{{ dbt_madpy.cross_validate(ref('houses'), 'train', target='price') }}
