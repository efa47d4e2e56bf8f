{{ config(enabled=var('with_wrong_models', false)) }}
-- depends_on: {{ ref('houses') }}

{% if execute %}
{{ dbt_madpy.out_of_bounds('select 1', 'r2', none, none) }}
{% endif %}
