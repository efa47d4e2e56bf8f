{# The relation of a project's node: its model lies among the projects, the tables say which it is. #}
{% macro keep_project(new, settings, result) %}
  {% if result.status == 'failed' %}
    {% do dbt_madpy.fail('the training of project "' ~ result.project_name ~ '" failed',
        'Read the warning above, or the error in pgml.models') %}
  {% endif %}
  {% set is_compared = settings.better_than == 'deployed' and not should_full_refresh() %}
  {% if is_compared and result.status != 'deployed' %}
    {% do dbt_madpy.not_published(result.metric ~ ' is ' ~ result.score ~ ', and that of the deployed one is not worse',
        'Change the model or its data, or run with --full-refresh to publish it all the same') %}
  {% endif %}
  {% set projects = dbt_madpy.quoted(dbt_madpy.projects_schema()) %}
  {% if not is_compared and not (flags.EMPTY and dbt_madpy.is_deployed(result.project_name)) %}
    {% do dbt_madpy.execute_sql('select ' ~ projects ~ '.deploy(model_id => ' ~ result.model_id ~ ')') %}
  {% endif %}
  {% call statement('dbt_madpy_project') %}
    create table {{ new.include(database=false) }} as
    select p.name as project_name, m.id as model_id, m.algorithm, m.metric, m.score, m.metrics, m.num_rows
    from {{ projects }}.models as m join {{ projects }}.projects as p on p.id = m.project_id
    where m.id = {{ result.model_id }};
    create table {{ dbt_madpy.beside(new, '_summary', 'table').include(database=false) }} as
    select 'project' as method, p.name as project_name, m.id as model_id, p.task,
           {{ dbt_madpy.literal(settings.target) }}::text as target,
           array(select f ->> 'name' from pg_catalog.jsonb_array_elements(s.features) as f) as feature_names,
           ''::text as output_table, ''::text as summary_table, m.metrics, m.num_rows, m.created_at as trained_at
    from {{ projects }}.models as m join {{ projects }}.projects as p on p.id = m.project_id
        join {{ projects }}.snapshots as s on s.id = m.snapshot_id
    where m.id = {{ result.model_id }}
  {% endcall %}
{% endmacro %}


{# Whether a project has a model in service, which one that --empty made up does not replace. #}
{% macro is_deployed(project_name) %}
  {% do return(dbt_madpy.json_of('select pg_catalog.to_jsonb(deployed_model)::text from ' ~ dbt_madpy.quoted(dbt_madpy.projects_schema())
      ~ '.projects where name = ' ~ dbt_madpy.literal(project_name)) is not none) %}
{% endmacro %}
