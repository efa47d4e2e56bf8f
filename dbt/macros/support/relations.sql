{# Relations that macros take as arguments. #}

{# An item of FROM: the rows of a relation or CTE under an alias.  With --empty, ref gives a query with an alias of its own. #}
{% macro rows_of(relation, alias) -%}
  (select * from {{ relation }}) as {{ alias }}
{%- endmacro %}


{# A relation as it lies in the database, without the limit that ref gives it with --empty. #}
{% macro whole(relation) %}
  {% do return(api.Relation.create(database=relation.database, schema=relation.schema, identifier=relation.identifier, type=relation.type)) %}
{% endmacro %}


{# The types of a relation's columns by their names; empty where only the statement knows them: of a CTE or ephemeral model. #}
{% macro column_types(relation) %}
  {% set types = {} %}
  {% if execute and relation is not string and not relation.is_cte %}
    {% for column in dbt_madpy.columns_of(dbt_madpy.whole(relation)) %}{% do types.update({column.name: column.type}) %}{% endfor %}
  {% endif %}
  {% do return(types) %}
{% endmacro %}


{# A relation as an argument of a function, which reads it by its name. #}
{% macro relation_argument(relation) %}
  {% if relation is none %}{% do return('null') %}{% endif %}
  {% if relation is string or relation.is_cte %}
    {% do dbt_madpy.fail(relation ~ ' exists in its statement only, and functions read relations by their names',
        'Set materialized to view or table in the model that has these rows') %}
  {% endif %}
  {% do return(dbt_madpy.literal(relation.include(database=false).render())) %}
{% endmacro %}


{% macro check_choice(what, value, choices) %}
  {% if value not in choices %}
    {% do dbt_madpy.fail(what ~ ' is "' ~ value ~ '"', 'Take one of these: ' ~ dbt_madpy.listed(choices | select('string'))) %}
  {% endif %}
{% endmacro %}


{# Texts as an array. #}
{% macro text_array(texts) %}
  {% set items = [] %}
  {% for text in texts %}{% do items.append(dbt_madpy.literal(text | string)) %}{% endfor %}
  {% do return('array[' ~ items | join(', ') ~ ']::text[]') %}
{% endmacro %}
