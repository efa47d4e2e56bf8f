{# What statements over a model have to know of it, from its summary table:

   method: regr, logregr, glm, nb, dtree, kmeans, sk or project
   table: the relation with a row for each group, whose first columns are `groups`
   more: the columns of its summary
   none: the model is not trained, and the command, such as dbt compile, runs no statement that it is in. #}

{% macro model_facts(model) %}
  {% if not execute %}{% do return(none) %}{% endif %}
  {% if model is string %}{% do return(dbt_madpy.project_facts(model)) %}{% endif %}
  {% set relation = dbt_madpy.model_table(model) %}
  {% set summary = dbt_madpy.beside(relation, '_summary', 'table') %}
  {% if dbt_madpy.existing_relation(summary) is none %}
    {% if not dbt_madpy.is_run() %}{% do return(none) %}{% endif %}
    {% do dbt_madpy.fail('"' ~ model.identifier ~ '" is no trained model: there is no table "' ~ summary.identifier ~ '" in schema "' ~ model.schema ~ '"',
        'Run dbt build --select ' ~ model.identifier ~ ', or give the name of a project as a text') %}
  {% endif %}
  {% set more = dbt_madpy.summary_of(relation) or {} %}
  {% set first = {'regr': 'coef', 'logregr': 'coef', 'glm': 'coef', 'sk': 'num_rows_processed', 'project': 'project_name',
                  'nb': 'method', 'dtree': 'method', 'kmeans': 'method'} %}
  {% if more.method not in first %}
    {% do dbt_madpy.fail('the table "' ~ summary.identifier ~ '" does not say how a model was trained', 'Give a model that dbt or a function of the library trained') %}
  {% endif %}
  {% set table = summary if first[more.method] == 'method' else relation %}
  {% set columns = dbt_madpy.columns_of(table) | map(attribute='name') | list %}
  {% do return({'method': more.method, 'table': table.include(database=false), 'groups': columns[:columns.index(first[more.method])], 'more': more}) %}
{% endmacro %}


{# A project that is given by its name: its deployed model. #}
{% macro project_facts(name) %}
  {% set task = dbt_madpy.json_of('select pg_catalog.to_jsonb(task)::text from ' ~ dbt_madpy.quoted(dbt_madpy.projects_schema())
      ~ '.projects where name = ' ~ dbt_madpy.literal(name)) %}
  {% if task is none %}
    {% if not dbt_madpy.is_run() %}{% do return(none) %}{% endif %}
    {% do dbt_madpy.fail('there is no project "' ~ name ~ '"', 'Train it, or give a model as ref("...")') %}
  {% endif %}
  {% do return({'method': 'project', 'project': name, 'groups': [], 'more': {'task': task}}) %}
{% endmacro %}


{# The argument of functions of projects that says which model: its number, its table, or the name of its project. #}
{% macro model_argument(model) %}
  {% set facts = dbt_madpy.model_facts(model) %}
  {% if model is string %}{% do return(dbt_madpy.literal(model)) %}{% endif %}
  {% if facts and facts.method == 'project' %}{% do return('(select m.model_id from ' ~ facts.table ~ ' as m)') %}{% endif %}
  {% do return(dbt_madpy.literal(dbt_madpy.model_table(model).include(database=false).render())) %}
{% endmacro %}
