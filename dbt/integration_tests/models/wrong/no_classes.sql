{{ config(enabled=var('with_wrong_models', false)) }}

{{ dbt_madpy.predict_prob(ref('price_regr'), ref('houses')) }}
