select * from ({{ dbt_madpy.predict(ref('price_regr'), ref('houses')) }}) as p where id > 100
