-- The rows to train on.  A quarter of them is held out, with the same share of survivors as the rest.
with labelled as (
    select * from {{ ref('passenger_features') }} where survived is not null
)

{{ dbt_madpy.train_test_split('labelled', share=0.25, by='stratified', column='survived', key='passenger_id') }}
