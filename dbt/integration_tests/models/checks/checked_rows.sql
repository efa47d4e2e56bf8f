{# 400 rows: features, and columns that give the target away, each in its own way. #}
{{ config(materialized='table') }}

select id::integer as id,
       md5(id::text) as code,
       ((id * 37) % 101)::double precision as size,
       (id % 7)::integer as rooms,
       ((id * 37) % 101 + (id * id) % 13 > 50) as sold,
       case when (id * 37) % 101 + (id * id) % 13 > 50 then 'gone' else 'here' end as state,
       case when (id * 37) % 101 + (id * id) % 13 > 50 then timestamptz '2026-01-01' + id * interval '1 hour' end as sold_at,
       (10 * ((id * 37) % 101) + (id * id) % 13)::double precision as price,
       (1.2 * (10 * ((id * 37) % 101) + (id * id) % 13) + id % 2)::numeric as price_with_tax,
       timestamptz '2026-01-01' + id * interval '1 hour' as loaded_at
from generate_series(1, 400) as id
