{# Hooks before, outside of the transaction and in it; the second one is undone if the model does not pass. #}
{{ config(materialized='ml_model',
          pre_hook=[{'sql': "insert into {{ schema }}.hooks values ('outside')", 'transaction': false}, "insert into {{ schema }}.hooks values ('inside')"],
          post_hook="insert into {{ schema }}.hooks values ('after')",
          meta={'madpy': {'algorithm': 'regr', 'target': 'price', 'exclude': 'id', 'require': {'r2': var('required_r2', 0)}}}) }}

select * from {{ ref('houses') }}
