{# Where the library is and where models are noted.  Vars of a package are only seen by its own nodes, so the names say
   whose they are, and defaults are given here. #}

{% macro library_schema() %}
  {% do return(var('madpy_schema', 'madlib')) %}
{% endmacro %}


{% macro projects_schema() %}
  {% do return(var('madpy_projects_schema', 'pgml')) %}
{% endmacro %}


{# A function of the library with its schema, quoted: its name is checked by `driver` or written in this package. #}
{% macro library_function(name) %}
  {% do return(dbt_madpy.quoted(dbt_madpy.library_schema()) ~ '.' ~ dbt_madpy.quoted(name)) %}
{% endmacro %}


{# A function of projects with its schema. #}
{% macro projects_function(name) %}
  {% do return(dbt_madpy.quoted(dbt_madpy.projects_schema()) ~ '.' ~ dbt_madpy.quoted(name)) %}
{% endmacro %}


{# Whether this command runs what it renders: dbt compile, dbt docs generate and their likes do not. #}
{% macro is_run() %}
  {% do return(execute and flags.WHICH not in ['compile', 'generate', 'list', 'parse', 'clone']) %}
{% endmacro %}


{# The function that trains an algorithm: `function` with its schema, `method`, and `arguments`, each with its type. #}
{% macro driver(algorithm) %}
  {% set is_project = algorithm == 'train' %}
  {% set schema = dbt_madpy.projects_schema() if is_project else dbt_madpy.library_schema() %}
  {% set method = 'project' if is_project else (algorithm[:-6] if algorithm.endswith('_train') else algorithm) %}
  {% set name = 'train' if is_project else method ~ '_train' %}
  {% set known = dbt_madpy.json_of(dbt_madpy.drivers_sql(schema)) or {} %}
  {% if not known %}
    {% do dbt_madpy.fail('schema "' ~ schema ~ '" of database "' ~ target.dbname ~ '" has no function that trains',
        'Run CREATE EXTENSION madpy CASCADE there, or set the var madpy_schema to the schema of the library') %}
  {% endif %}
  {% if name not in known %}
    {% set names = known | list | sort %}
    {% do dbt_madpy.fail('there is no algorithm "' ~ algorithm ~ '"',
        'Take one of these: ' ~ dbt_madpy.listed(names) ~ ', or "train" for a project') %}
  {% endif %}
  {% do return({'function': dbt_madpy.quoted(schema) ~ '.' ~ dbt_madpy.quoted(name), 'method': method,
                'arguments': known[name]}) %}
{% endmacro %}


{# Every function of a schema that trains, with its arguments and their types. #}
{% macro drivers_sql(schema) %}
  select pg_catalog.jsonb_object_agg(name, arguments)::text
  from (
      select p.proname as name,
             (select pg_catalog.jsonb_object_agg(p.proargnames[n], pg_catalog.format_type(p.proargtypes[n - 1], null))
              from pg_catalog.generate_series(1, p.pronargs) as n) as arguments
      from pg_catalog.pg_proc as p join pg_catalog.pg_namespace as s on s.oid = p.pronamespace
      where s.nspname = {{ dbt_madpy.literal(schema) }} and p.proname ~ '(^|_)train$'
          and ('output_table' = any (p.proargnames) or 'y_column_name' = any (p.proargnames))
  ) as drivers
{% endmacro %}
