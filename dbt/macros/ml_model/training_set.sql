{# The rows of a training: what the model's query returns.

   Functions that train take the name of a relation and read it by statements of their own, so that they cannot see the
   CTEs of the query that calls them.  For this reason the query becomes a relation first. #}

{% macro training_set_relation(settings) %}
  {% if flags.EMPTY %}{% do return(dbt_madpy.temporary('rows', 'table')) %}{% endif %}
  {% if settings.training_set == 'table' %}{% do return(dbt_madpy.beside(this, '__rows', 'table')) %}{% endif %}
  {% do return(dbt_madpy.temporary('rows', 'view' if settings.training_set == 'view' else 'table')) %}
{% endmacro %}


{# A relation of this session alone.  A session trains one model at a time, and drops them at its end. #}
{% macro temporary(name, type) %}
  {% do return(api.Relation.create(schema='pg_temp', identifier='madpy_' ~ name, type=type)) %}
{% endmacro %}


{# A relation of the same schema whose name is that of `relation` and a suffix. #}
{% macro beside(relation, suffix, type) %}
  {% do return(relation.incorporate(path={'identifier': relation.identifier ~ suffix}, type=type)) %}
{% endmacro %}


{# Create the relation of the query's rows; with a share as holdout, a column says which rows are held out. #}
{% macro create_training_set(relation, settings, sql) %}
  {% set query = sql %}
  {% if settings.holdout is number %}
    {% set query %}
      select q.*, {{ dbt_madpy.unit_hash('q.*', settings.parameters.get('seed') or 0) }} < {{ settings.holdout }}::double precision
                  as {{ dbt_madpy.holdout_column(settings) }}
      from (
        {{ sql }}
      ) as q
    {% endset %}
  {% endif %}
  {% call statement('dbt_madpy_training_set') %}
    {% if relation.schema != 'pg_temp' %}drop table if exists {{ relation.include(database=false) }};{% endif %}
    create {{ 'temporary' if relation.schema == 'pg_temp' }} {{ relation.type }} {{ relation.include(database=false) }} as
    {{ query }}
    {%- if relation.schema != 'pg_temp' %};
    comment on table {{ relation.include(database=false) }} is {{ dbt_madpy.literal(dbt_madpy.comment_on_rows()) }}
    {%- endif %}
  {% endcall %}
{% endmacro %}


{# What tells a table of rows that is kept from one that somebody else made. #}
{% macro comment_on_rows() %}
  {% do return('rows that dbt_madpy trained a model on') %}
{% endmacro %}


{% macro holdout_column(settings) %}
  {% if settings.holdout is none %}{% do return(none) %}{% endif %}
  {% do return('madpy_held_out' if settings.holdout is number else settings.holdout) %}
{% endmacro %}


{# A share that is given as a text is taken for the name of a column. #}
{% macro check_holdout(settings, columns) %}
  {% set types = {} %}
  {% for one in columns %}{% do types.update({one.name: one.type}) %}{% endfor %}
  {% set column = dbt_madpy.holdout_column(settings) %}
  {% if column is not none and types.get(column) != 'boolean' %}
    {% do dbt_madpy.fail(('column "' ~ column ~ '", which holdout names, is of type ' ~ types[column]) if column in types
                         else ('the query has no column "' ~ column ~ '", which holdout names'),
        'Give a number between 0 and 1, or the name of a boolean column') %}
  {% endif %}
{% endmacro %}


{# The part of the rows that is fitted on, or that is held out, as a relation of its own: the set itself without a holdout. #}
{% macro part_of_training_set(relation, settings, held_out) %}
  {% set column = dbt_madpy.holdout_column(settings) %}
  {% if column is none %}{% do return(relation) %}{% endif %}
  {% set part = dbt_madpy.temporary('held_out' if held_out else 'fitted', 'view') %}
  {% call statement('dbt_madpy_part') %}
    create temporary view {{ part.include(database=false) }} as
    select * from {{ relation.include(database=false) }} where {{ dbt_madpy.quoted(column) }} is {{ 'true' if held_out else 'not true' }}
  {% endcall %}
  {% do return(part) %}
{% endmacro %}


{# The columns of a relation in their order, each with its type. #}
{% macro columns_of(relation) %}
  {% do return(dbt_madpy.json_of("
    select coalesce(pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object('name', attname,
               'type', pg_catalog.format_type(atttypid, atttypmod)) order by attnum), '[]')::text
    from pg_catalog.pg_attribute
    where attrelid = " ~ dbt_madpy.regclass(relation) ~ "
        and attnum > 0 and not attisdropped")) %}
{% endmacro %}


{# Remove what was made for this training alone. #}
{% macro drop_temporary(relations) %}
  {% for relation in relations if relation.schema == 'pg_temp' %}
    {% call statement('dbt_madpy_drop') %}
      drop {{ relation.type }} if exists {{ relation.include(database=false) }}
    {% endcall %}
  {% endfor %}
{% endmacro %}
