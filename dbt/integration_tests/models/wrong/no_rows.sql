{{ config(enabled=var('with_wrong_models', false)) }}
-- depends_on: {{ ref('price_regr') }}, {{ ref('houses') }}

{% if execute %}
{{ dbt_madpy.evaluate(ref('price_regr')) }}
{% endif %}
