{{ dbt_madpy.evaluate(ref('by_regr'), ref('rows')) }}
