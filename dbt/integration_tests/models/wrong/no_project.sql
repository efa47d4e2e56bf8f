{{ config(enabled=var('with_wrong_models', false)) }}

{{ dbt_madpy.predict('Nothing', ref('houses')) }}
