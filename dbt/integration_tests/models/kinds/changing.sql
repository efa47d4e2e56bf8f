{# A var says which algorithm it is; others read it. #}
{{ config(materialized='ml_model', grants={'select': [env_var('DBT_READER', 'public')]}, persist_docs={'relation': true, 'columns': true},
          meta={'madpy': {'algorithm': var('changing_algorithm', 'regr'), 'target': 'price', 'exclude': 'id', 'retrain': 'always'}}) }}

select * from {{ ref('houses') }}
