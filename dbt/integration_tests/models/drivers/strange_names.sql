{# Levels and names that would do harm if they were put into SQL or Jinja as they are. #}
{{ config(materialized='ml_model', alias='Strange names', meta={'madpy': {'algorithm': 'regr', 'target': 'price', 'exclude': 'id'}}) }}

select id, size, price,
       case when id % 3 = 0 then '''); drop table houses; --'
            when id % 3 = 1 then '\'' {{ '{{ 1 / 0 }}' }} %s' else '"' end as "a ""b"" 'c'"
from {{ ref('houses') }}
