{{ config(enabled=var('with_wrong_models', false)) }}

{{ dbt_madpy.predict(ref('price_regr'), ref('without_walls')) }}
