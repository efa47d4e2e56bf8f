{{ config(enabled=var('with_wrong_models', false)) }}
-- depends_on: {{ ref('houses') }}

{% if execute %}
{{ dbt_madpy.train_test_split(ref('houses'), share=25) }}
{% endif %}
