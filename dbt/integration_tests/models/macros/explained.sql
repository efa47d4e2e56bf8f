{{ dbt_madpy.explain(ref('by_project'), ref('rows')) }}
