{# The rows of a relation with `is_test`: whether a row is kept from trainings, to test models on it.

   share: of the rows for testing
   by: random: by a hash of the row.  A row keeps its side when others are added, and equal rows are on one side
       stratified: the same share of each value of `column`
       time: the largest values of `column`, equal ones on one side
       group: whole groups of equal values of `column`
   column: one, or a list of them
   key: the columns that random and stratified hash, such as an id; none takes all
   part: "train" or "test" returns the rows of that side alone #}
{% macro train_test_split(relation, share=0.25, by='random', column=none, key=none, seed=0, part=none) %}
  {% do return(adapter.dispatch('train_test_split', 'dbt_madpy')(relation, share, by, column, key, seed, part)) %}
{% endmacro %}


{% macro default__train_test_split(relation, share, by, column, key, seed, part) %}
  {%- do dbt_madpy.check_choice('part', part, [none, 'train', 'test']) -%}
  {%- if share is not number or not 0 < share < 1 -%}
    {%- do dbt_madpy.fail('share is ' ~ share, 'Give a number between 0 and 1') -%}
  {%- endif -%}
  {%- set place = dbt_madpy.place_item(by, column, key, seed) -%}
  select split.* from (
    select s.*, {{ place }} {{ '>= ' ~ (1 - share) if by == 'time' else '< ' ~ share }}::double precision as is_test
    from {{ dbt_madpy.rows_of(relation, 's') }}
  ) as split
  {%- if part is not none %}
  where {{ 'not ' if part == 'train' }}split.is_test
  {%- endif -%}
{% endmacro %}


{# SQL of the place of a row s among all rows, from 0 and below 1.  Rows that belong together have the same. #}
{% macro place_item(by, column, key, seed) %}
  {% do dbt_madpy.check_choice('by', by, ['random', 'stratified', 'time', 'group']) %}
  {% if (column is none) != (by == 'random') %}
    {% do dbt_madpy.fail('"' ~ by ~ ('" needs a column' if column is none else '" takes no column'),
        'Set column' if column is none else 'Remove column, or set by to "stratified", "time" or "group"') %}
  {% endif %}
  {% set columns = dbt_madpy.columns_of_row(column) %}
  {% if by == 'group' %}{% do return(dbt_madpy.unit_hash(columns, seed)) %}{% endif %}
  {% if by == 'time' %}
    {% do return('(pg_catalog.rank() over (order by ' ~ columns ~ ' nulls first) - 1)::double precision / pg_catalog.count(*) over ()') %}
  {% endif %}
  {% set hash = dbt_madpy.unit_hash('s.*' if key is none else dbt_madpy.columns_of_row(key), seed) %}
  {% if by == 'random' %}{% do return(hash) %}{% endif %}
  {% do return('(pg_catalog.rank() over (partition by ' ~ columns ~ ' order by ' ~ hash ~ ') - 1)::double precision / pg_catalog.count(*) over (partition by ' ~ columns ~ ')') %}
{% endmacro %}


{# Columns of a row s, given by a name or a list of names. #}
{% macro columns_of_row(names) %}
  {% set columns = [] %}
  {% for name in ([] if names is none else [names] if names is string else names) %}{% do columns.append('s.' ~ dbt_madpy.quoted(name)) %}{% endfor %}
  {% do return(columns | join(', ')) %}
{% endmacro %}


{# SQL of a number from 0 and below 1, which depends on values and a seed: equal values have equal ones. #}
{% macro unit_hash(values, seed) %}
  {% do return(adapter.dispatch('unit_hash', 'dbt_madpy')(values, seed)) %}
{% endmacro %}


{% macro default__unit_hash(values, seed) %}
  {% do return('((pg_catalog.hashtextextended(row(' ~ values ~ ')::text, ' ~ (seed | int) ~ ') & 9007199254740991)::double precision / 9007199254740992::double precision)') %}
{% endmacro %}
