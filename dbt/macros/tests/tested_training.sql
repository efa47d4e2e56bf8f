{# The query of the last row of the registry for a model. #}
{% macro last_training_sql(model) %}
  {% set table = dbt_madpy.model_table(model) %}
  {% do return('select r.* from ' ~ dbt_madpy.registry().include(database=false) ~ ' as r where schema_name = ' ~ dbt_madpy.literal(table.schema)
      ~ ' and model_name = ' ~ dbt_madpy.literal(table.identifier) ~ ' order by id desc limit 1') %}
{% endmacro %}


{# The last training of a model that is tested; none where nothing is run. #}
{% macro tested_training(model) %}
  {% if model is string %}{% do dbt_madpy.fail('a condition on rows does not fit a model', 'Remove where from the config of the test') %}{% endif %}
  {% if not dbt_madpy.is_run() %}{% do return(none) %}{% endif %}
  {% set last = dbt_madpy.last_training(dbt_madpy.model_table(model)) if dbt_madpy.existing_relation(dbt_madpy.registry()) is not none %}
  {% if not last %}
    {% do dbt_madpy.fail('"' ~ model.identifier ~ '" has no training in the registry',
        'Run dbt build --select ' ~ model.identifier ~ ', and test only models with materialized="ml_model"') %}
  {% endif %}
  {% do return(last) %}
{% endmacro %}
