{# The registry: a row for each model that was published, in a table that dbt does not rebuild. #}

{% macro registry() %}
  {% do return(api.Relation.create(database=target.dbname, schema=var('madpy_registry_schema', target.schema),
                                   identifier=var('madpy_registry', 'madpy_models'), type='table')) %}
{% endmacro %}


{# In a transaction of its own and under a lock, because models that are trained at the same time may all find it missing. #}
{% macro ensure_registry() %}
  {% set registry = dbt_madpy.registry() %}
  {% set existing = dbt_madpy.existing_relation(registry) %}
  {% if existing and (existing.type != 'table' or not dbt_madpy.is_ours(existing)) %}
    {% do dbt_madpy.fail('"' ~ registry.identifier ~ '" in schema "' ~ registry.schema ~ '" is not a table of this role',
        'Set the var madpy_registry_schema to a schema where no other role creates tables') %}
  {% endif %}
  {% if not existing %}
    {% if not adapter.check_schema_exists(registry.database, registry.schema) %}{% do create_schema(registry) %}{% endif %}
    {% call statement('dbt_madpy_registry') %}
      {{ dbt_madpy.lock_sql(registry) }};
      create table if not exists {{ registry.include(database=false) }} (
          id               bigint generated always as identity primary key,
          schema_name      text not null,
          model_name       text not null,
          node_id          text not null,
          invocation_id    text not null,
          target_name      text not null,
          method           text not null,
          target           text,
          features         text[],
          parameters       jsonb not null,
          fingerprint      text,              -- null: made by --empty
          num_rows         bigint not null,   -- of the query
          metrics          jsonb not null,
          deployed_metrics jsonb,             -- of the model that was in service, on the same rows
          published        text not null,     -- created, in place or swapped
          madpy_version    text not null,
          dbt_version      text not null,
          trained_by       text not null default current_user,
          trained_at       timestamptz not null default pg_catalog.clock_timestamp()
      );
      create index if not exists {{ dbt_madpy.quoted(registry.identifier ~ '_model') }}
          on {{ registry.include(database=false) }} (schema_name, model_name, id);
      comment on table {{ registry.include(database=false) }} is 'models that dbt_madpy published, a row for each training'
    {% endcall %}
    {% do adapter.commit() %}
  {% endif %}
{% endmacro %}


{# The last row of this model; none before its first training. #}
{% macro last_training(relation) %}
  {% do return(dbt_madpy.json_of('
    select pg_catalog.to_jsonb(r)::text from ' ~ dbt_madpy.registry().include(database=false) ~ ' as r
    where schema_name = ' ~ dbt_madpy.literal(relation.schema) ~ ' and model_name = ' ~ dbt_madpy.literal(relation.identifier) ~ '
    order by id desc limit 1')) %}
{% endmacro %}


{% macro register(relation, settings, method, fingerprint, metrics, deployed_metrics, published) %}
  {% call statement('dbt_madpy_register') %}
    insert into {{ dbt_madpy.registry().include(database=false) }}
        (schema_name, model_name, node_id, invocation_id, target_name, method, target, features, parameters,
         fingerprint, num_rows, metrics, deployed_metrics, published, madpy_version, dbt_version)
    select {{ dbt_madpy.literal(relation.schema) }}, {{ dbt_madpy.literal(relation.identifier) }},
           {{ dbt_madpy.literal(model.unique_id) }}, {{ dbt_madpy.literal(invocation_id) }}, {{ dbt_madpy.literal(target.name) }},
           {{ dbt_madpy.literal(method) }}, {{ dbt_madpy.literal(settings.target) }},
           (select s.feature_names from {{ dbt_madpy.beside(relation, '_summary', 'table').include(database=false) }} as s limit 1),
           {{ dbt_madpy.literal(tojson(settings.parameters)) }}, {{ dbt_madpy.literal(fingerprint.fingerprint) }},
           {{ fingerprint.rows }}, {{ dbt_madpy.literal(tojson(metrics)) }},
           {{ dbt_madpy.literal(tojson(deployed_metrics)) if deployed_metrics is not none else 'null' }},
           {{ dbt_madpy.literal(published) }}, {{ dbt_madpy.library_function('version') }}()::text, {{ dbt_madpy.literal(dbt_version) }}
  {% endcall %}
{% endmacro %}
