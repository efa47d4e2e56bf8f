select id, price as prediction, state as label from {{ ref('checked_rows') }} where id <= 200
