select 1 as id, date '2026-01-01' as day, 'a' as class
