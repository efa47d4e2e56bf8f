select id, 2 * prediction as doubled from ({{ dbt_madpy.predict(ref('price_regr'), ref('houses')) }}) as p
