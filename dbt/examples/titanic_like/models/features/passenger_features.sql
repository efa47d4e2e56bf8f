with titled as (
    select *,
           case
               when name like '%, Master.%' then 'Master'
               when name like '%, Miss.%' then 'Miss'
               when name like '%, Mrs.%' then 'Mrs'
               when name like '%, Mr.%' then 'Mr'
               else 'Other'
           end as title
    from {{ ref('stg_passengers') }}
),

-- An age that is missing is the median age of passengers with the same title.
ages as (
    select title, percentile_cont(0.5) within group (order by age) as median_age
    from titled
    group by title
)

select t.passenger_id,
       t.survived,
       t.class,
       t.sex,
       t.title,
       coalesce(t.age, a.median_age) as age,
       1 + t.siblings_spouses + t.parents_children as family_size,
       t.fare / (1 + t.siblings_spouses + t.parents_children) as fare_per_person,
       t.deck is not null as has_deck,
       coalesce(t.port, 'S') as port
from titled as t join ages as a using (title)
