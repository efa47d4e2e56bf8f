select * from {{ ref('labelled_passengers') }}
