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
                 pg_catalog.sum(' ~ dbt_madpy.hash_of_row('r', rows) ~ '::numeric) as hash
          from ' ~ rows.include(database=false) ~ ' as r) as r')) %}
{% endmacro %}


{# The hash of a row r: of its values or, where a type has no hash function, of their texts, which takes four times as long. #}
{% macro hash_of_row(alias, relation) %}
  {% set without = dbt_madpy.json_of("
    select coalesce(pg_catalog.jsonb_agg(a.attname), '[]')::text
    from pg_catalog.pg_attribute as a join pg_catalog.pg_type as t on t.oid = a.atttypid
    where a.attrelid = " ~ dbt_madpy.regclass(relation) ~ "
        and a.attnum > 0 and not a.attisdropped and t.typtype <> 'e' and t.oid <> 'varchar'::pg_catalog.regtype
        and not exists (
            select from pg_catalog.pg_opclass as o join pg_catalog.pg_am as m on m.oid = o.opcmethod
            where m.amname = 'hash' and o.opcdefault and o.opcintype = t.oid)") %}
  {% if without %}{% do return('pg_catalog.hashtextextended((' ~ alias ~ '.*)::text, 0)') %}{% endif %}
  {% do return('pg_catalog.hash_record_extended(' ~ alias ~ '.*, 0)') %}
{% endmacro %}
