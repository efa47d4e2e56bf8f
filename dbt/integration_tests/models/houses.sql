{# 200 houses whose price depends on size and age; the noise is made of their numbers. #}
{{ config(materialized='table') }}

select id,
       50 + (id * 37) % 150 as size,
       (id * 11) % 60 as age,
       case when id % 3 = 0 then 'brick' else 'wood' end as walls,
       id % 5 = 0 as is_new,
       (100 + 3 * (50 + (id * 37) % 150) - 2 * ((id * 11) % 60) + (id::bigint * id) % 17)::double precision as price
from generate_series(1, {{ var('number_of_houses', 200) }}) as id
order by id {{ var('order_of_houses', 'asc') }}
