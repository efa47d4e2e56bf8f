{# The rows of a relation with `fold`, the number of a row's part in a cross-validation, from 1.  `name` is another name for the
   column.  The other arguments are those of train_test_split; by time, folds are periods in their order. #}
{% macro folds(relation, folds=5, by='random', column=none, key=none, seed=0, name='fold') %}
  {% do return(adapter.dispatch('folds', 'dbt_madpy')(relation, folds, by, column, key, seed, name)) %}
{% endmacro %}


{% macro default__folds(relation, folds, by, column, key, seed, name) %}
  {%- if folds is not number or folds < 2 or folds != folds | int -%}
    {%- do dbt_madpy.fail('folds is ' ~ folds, 'Give a whole number from 2') -%}
  {%- endif -%}
  select s.*, 1 + pg_catalog.floor({{ folds | int }}::double precision * {{ dbt_madpy.place_item(by, column, key, seed) }})::integer as {{ dbt_madpy.quoted(name) }}
  from {{ dbt_madpy.rows_of(relation, 's') }}
{%- endmacro %}
