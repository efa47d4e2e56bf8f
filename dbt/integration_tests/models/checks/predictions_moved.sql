select id, prediction * 1.5 as prediction, case when id % 2 = 0 then label when id % 3 = 0 then 'lent' end as label from {{ ref('predictions_now') }}
