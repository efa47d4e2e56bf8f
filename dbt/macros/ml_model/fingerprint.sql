{# What a training depends on: settings, the library's version, columns and rows.  The hash of the rows is a sum, so that
   their order does not matter, and that equal rows count as often as they are there. #}

{% macro fingerprint_of(settings, columns, rows) %}
  {% set trained_by = {} %}
  {% for name in ['algorithm', 'target', 'features', 'exclude', 'parameters', 'holdout'] %}
    {% do trained_by.update({name: settings[name]}) %}
  {% endfor %}
  {% do return(dbt_madpy.json_of('
    select pg_catalog.jsonb_build_object(
               \'rows\', r.number,
               \'fingerprint\', pg_catalog.md5(pg_catalog.concat_ws(\' \', ' ~ dbt_madpy.literal(tojson(trained_by, sort_keys=true)) ~ ',
                   ' ~ dbt_madpy.literal(tojson(columns)) ~ ', ' ~ dbt_madpy.library_function('version') ~ '()::text, r.number, r.hash)))::text
    from (select pg_catalog.count(*) as number,
                 pg_catalog.sum(pg_catalog.hashtextextended((r.*)::text, 0)::numeric) as hash
          from ' ~ rows.include(database=false) ~ ' as r) as r')) %}
{% endmacro %}
