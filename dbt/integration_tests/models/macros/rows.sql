{# 240 rows made of their numbers: text columns with quotes and backslashes, missing values, classes and times. #}
{{ config(materialized='table') }}

select id,
       (50 + (id * 37) % 150)::double precision as size,
       ((id * 11) % 60)::integer as age,
       12 * ((id * 11) % 60) as months,
       ((id * 7) % 23 / 10.0)::real as width,
       case id % 3 when 0 then 'brick' when 1 then 'wood' else 'O''Brien\' end as walls,
       id % 5 = 0 as is_new,
       (id % 4)::numeric as "Bath ""Rooms""",
       case when id % 2 = 0 then 'north' else 'south' end as region,
       date '2026-01-01' + id / 2 as day,
       (100 + 3 * (50 + (id * 37) % 150) - 2 * ((id * 11) % 60) + 20 * (id % 2) + (id * id) % 17)::double precision as price,
       (id * 37) % 150 + (id * id) % 41 > 90 as sold,
       case when (id * 37) % 150 + (id * id) % 23 < 60 then 'low' when (id * 37) % 150 < 110 then 'middle' else 'high' end as grade
from generate_series(1, 240) as id
