{{ config(enabled=var('with_wrong_models', false)) }}
-- depends_on: {{ ref('price_regr') }}, {{ ref('houses') }}

{% if execute %}
with few as (select * from {{ ref('houses') }} limit 3) {{ dbt_madpy.evaluate(ref('price_regr'), 'few') }}
{% endif %}
