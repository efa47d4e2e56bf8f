with priced as (
    {{ dbt_madpy.predict(ref('price_regr'), ref('houses')) }}
)
select id, price, prediction from priced where prediction > 400
