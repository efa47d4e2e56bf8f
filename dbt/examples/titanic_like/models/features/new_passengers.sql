select * from {{ ref('passenger_features') }} where survived is null
