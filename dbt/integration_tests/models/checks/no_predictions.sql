select * from {{ ref('predictions_now') }} where false
