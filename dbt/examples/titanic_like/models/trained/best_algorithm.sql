{{ config(materialized='table') }}

select algorithm, avg(score) as accuracy, stddev_samp(score) as deviation
from {{ ref('cross_validation') }}
group by algorithm, parameters
order by accuracy desc, algorithm
limit 1
