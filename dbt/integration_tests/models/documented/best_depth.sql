select parameters, avg(score) as r2 from {{ ref('depths') }} group by parameters order by r2 desc limit 1
