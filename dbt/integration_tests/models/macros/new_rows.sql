{# The same rows, and some that lack a feature or have values that no training has seen. #}
{{ config(materialized='table') }}

select * from {{ ref('rows') }}
union all
select 1000 + id, case when id <> 2 then size end, age, case id when 5 then 1 else months end, width, case when id = 1 then 'straw' else walls end, case when id <> 4 then is_new end,
       "Bath ""Rooms""", case when id = 3 then 'west' else region end, day, price, sold, grade
from {{ ref('rows') }} where id <= 8
