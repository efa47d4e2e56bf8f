-- The passengers of both files.  survived is null for those that are to be predicted.
select passenger_id, survived, class, name, sex, age::double precision, siblings_spouses, parents_children,
       fare::double precision, nullif(deck, '') as deck, nullif(port, '') as port
from {{ ref('passengers') }}

union all

select passenger_id, null, class, name, sex, age::double precision, siblings_spouses, parents_children,
       fare::double precision, nullif(deck, ''), nullif(port, '')
from {{ ref('passengers_to_predict') }}
