{{ dbt_madpy.explain(ref('by_dtree'), ref('rows')) }}
