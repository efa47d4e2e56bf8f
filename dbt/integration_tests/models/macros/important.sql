{{ dbt_madpy.importance(ref('by_project')) }}
