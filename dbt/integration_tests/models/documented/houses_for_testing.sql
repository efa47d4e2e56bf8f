select * from {{ ref('split_houses') }} where is_test
