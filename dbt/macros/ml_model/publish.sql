{# A new model takes the name of the one in service: in place, which keeps views and grants, where the columns are the same;
   else by a swap, which drops what depends on it. #}

{% macro new_relation() %}
  {% do return(this.incorporate(path={'identifier': '__madpy_' ~ local_md5(this.identifier)[:16]}, type='table')) %}
{% endmacro %}


{# Returns how: created, in place or swapped. #}
{% macro publish(new, target_relation) %}
  {% set ways = [] %}
  {% for suffix in ['', '_summary'] %}
    {% set published = dbt_madpy.beside(target_relation, suffix, 'table') %}
    {% do ways.append(dbt_madpy.publish_table(dbt_madpy.beside(new, suffix, 'table'), published)) %}
  {% endfor %}
  {% do return('swapped' if 'swapped' in ways else ways[0]) %}
{% endmacro %}


{% macro publish_table(new, published) %}
  {% set existing = dbt_madpy.existing_relation(published) %}
  {% if existing is not none and existing.type == 'external' %}
    {% do dbt_madpy.fail('"' ~ published.identifier ~ '" is neither a table nor a view',
        'Move it to another schema, or set another alias') %}
  {% endif %}
  {% if existing is none %}
    {% do dbt_madpy.rename(new, published) %}
    {% do return('created') %}
  {% endif %}
  {% if existing.type == 'table' and dbt_madpy.is_ours(existing) and dbt_madpy.columns_of(existing) == dbt_madpy.columns_of(new) %}
    {% call statement('dbt_madpy_publish') %}
      delete from {{ published.include(database=false) }};
      insert into {{ published.include(database=false) }} select * from {{ new.include(database=false) }};
      drop table {{ new.include(database=false) }}
    {% endcall %}
    {% do return('in place') %}
  {% endif %}
  {% set views = dbt_madpy.views_of(existing) %}
  {% if views %}
    {% do exceptions.warn('columns of "' ~ published.identifier ~ '" change, which drops the views that read it: '
        ~ dbt_madpy.listed(views) ~ '. Run the models of these views again.') %}
  {% endif %}
  {% do dbt_madpy.execute_sql('drop ' ~ existing.type.replace('_', ' ') ~ ' ' ~ existing.include(database=false) ~ ' cascade') %}
  {% do adapter.cache_dropped(existing) %}
  {% do dbt_madpy.rename(new, published) %}
  {% do return('swapped') %}
{% endmacro %}


{# The tables beside a model have names that it does not choose: they replace no node, and no table that a model did not make. #}
{% macro check_tables_beside(target_relation, settings) %}
  {% for suffix in ['_summary'] + (['__rows'] if settings.training_set == 'table' else []) %}
    {% set relation = dbt_madpy.beside(target_relation, suffix, 'table') %}
    {% set nodes = [] %}
    {% for node in graph.nodes.values() if node.resource_type in ['model', 'seed', 'snapshot']
       and node.schema == relation.schema and node.alias == relation.identifier and node.config.materialized != 'ephemeral' %}
      {% do nodes.append(node.unique_id) %}
    {% endfor %}
    {% set existing = dbt_madpy.existing_relation(relation) %}
    {% if nodes or existing is not none and not dbt_madpy.is_beside(existing, suffix) %}
      {% do dbt_madpy.fail('"' ~ relation.identifier ~ '", which is to be a table of this model, is '
          ~ ('the node ' ~ nodes[0] if nodes else 'there already'), 'Rename one of them, or set another alias') %}
    {% endif %}
  {% endfor %}
{% endmacro %}


{# Whether a relation is a summary, by its columns, or rows of a training, by their comment. #}
{% macro is_beside(relation, suffix) %}
  {% if suffix == '_summary' %}
    {% set names = dbt_madpy.columns_of(relation) | map(attribute='name') | list %}
    {% do return('output_table' in names and 'summary_table' in names) %}
  {% endif %}
  {% do return(dbt_madpy.json_of('select pg_catalog.to_jsonb(pg_catalog.obj_description(' ~ dbt_madpy.regclass(relation)
      ~ ", 'pg_class'))::text") == dbt_madpy.comment_on_rows()) %}
{% endmacro %}


{# Not by adapter.rename_relation, whose cache takes a function of the same name for a relation. #}
{% macro rename(relation, other) %}
  {% do dbt_madpy.execute_sql('alter table ' ~ relation.include(database=false) ~ ' rename to ' ~ dbt_madpy.quoted(other.identifier)) %}
{% endmacro %}


{# The relation of this name in the database, with its type; none if there is none.  dbt's cache lists functions of the schema
   too, which would hide a table of the same name, and does not see what others make during the run. #}
{% macro existing_relation(relation) %}
  {% set type = dbt_madpy.json_of("
    select pg_catalog.to_jsonb(case c.relkind when 'v' then 'view' when 'm' then 'materialized_view'
                                              when 'r' then 'table' when 'p' then 'table' else 'external' end)::text
    from pg_catalog.pg_class as c join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
    where n.nspname = " ~ dbt_madpy.literal(relation.schema) ~ ' and c.relname = ' ~ dbt_madpy.literal(relation.identifier)) %}
  {% do return(relation.incorporate(type=type) if type else none) %}
{% endmacro %}


{# Whether a table belongs to the role of dbt, or to one whose rights it has.  Another role may have given its table a trigger, which
   an INSERT would run with the rights of dbt; that a superuser has everyone's rights does not count. #}
{% macro is_ours(relation) %}
  {% do return(dbt_madpy.json_of("
    select pg_catalog.to_jsonb(pg_catalog.pg_get_userbyid(c.relowner) = current_user
        or pg_catalog.pg_has_role(c.relowner, 'usage') and not r.rolsuper)::text
    from pg_catalog.pg_class as c join pg_catalog.pg_roles as r on r.rolname = current_user
    where c.oid = " ~ dbt_madpy.regclass(relation))) %}
{% endmacro %}


{# The table that holds a model: the relation itself or, of a view that dbt clone made, the table that it reads. #}
{% macro model_table(relation) %}
  {% set relation = dbt_madpy.whole(relation) %}
  {% set tables = dbt_madpy.json_of("
    select pg_catalog.jsonb_agg(distinct pg_catalog.jsonb_build_array(n.nspname, c.relname))::text
    from pg_catalog.pg_depend as d
        join pg_catalog.pg_rewrite as r on r.oid = d.objid
        join pg_catalog.pg_class as v on v.oid = r.ev_class
        join pg_catalog.pg_class as c on c.oid = d.refobjid
        join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
    where d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass
        and d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
        and v.relkind = 'v' and c.oid <> v.oid
        and v.oid = pg_catalog.to_regclass(" ~ dbt_madpy.literal(relation.include(database=false) | string) ~ ")") %}
  {% if tables is none or tables | length != 1 %}{% do return(relation) %}{% endif %}
  {% do return(relation.incorporate(path={'schema': tables[0][0], 'identifier': tables[0][1]}, type='table')) %}
{% endmacro %}


{# The views that read a relation, with their schemas. #}
{% macro views_of(relation) %}
  {% do return(dbt_madpy.json_of("
    select coalesce(pg_catalog.jsonb_agg(distinct r.ev_class::pg_catalog.regclass::text), '[]')::text
    from pg_catalog.pg_depend as d join pg_catalog.pg_rewrite as r on r.oid = d.objid
    where d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass
        and d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
        and d.refobjid = " ~ dbt_madpy.regclass(relation) ~ "
        and r.ev_class <> d.refobjid")) %}
{% endmacro %}


{# The summary says how its tables are called, as they are from now on, and what the target is, also of rows made up. #}
{% macro complete_summary(target_relation, settings) %}
  {% set summary = dbt_madpy.beside(target_relation, '_summary', 'table') %}
  {% call statement('dbt_madpy_summary') %}
    update {{ summary.include(database=false) }}
    set output_table = {{ dbt_madpy.literal(target_relation.include(database=false) | string) }},
        summary_table = {{ dbt_madpy.literal(summary.include(database=false) | string) }}
        {%- if flags.EMPTY and settings.target %}, target = {{ dbt_madpy.literal(settings.target) }}{% endif %}
  {% endcall %}
{% endmacro %}
