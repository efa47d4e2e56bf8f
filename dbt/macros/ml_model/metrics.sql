{# Figures that judge a model. #}

{# The metrics of a model on the rows of a relation, by their names in pgml.evaluate; none without a target. #}
{% macro measure(model_relation, rows) %}
  {% set summary = dbt_madpy.summary_of(model_relation) %}
  {% if not summary.target %}{% do return({}) %}{% endif %}
  {% do return(dbt_madpy.json_of('
    select pg_catalog.jsonb_object_agg(name, value)::text
    from ' ~ dbt_madpy.projects_function('evaluate') ~ '(' ~ dbt_madpy.relation_argument(model_relation) ~ ', '
      ~ dbt_madpy.relation_argument(rows) ~ ', ' ~ dbt_madpy.literal(summary.target) ~ ', ' ~ dbt_madpy.literal(summary.features) ~ ")
    where part = 'metric' and value <> 'NaN'") or {}) %}
{% endmacro %}


{# The metrics of a model on the rows that are held out, or on all where none are. #}
{% macro measure_fit(settings, model_relation, rows) %}
  {% set measured = dbt_madpy.part_of_training_set(rows, settings, true) %}
  {% set metrics = dbt_madpy.measure(model_relation, measured) %}
  {% if measured != rows %}{% do dbt_madpy.drop_temporary([measured]) %}{% endif %}
  {% do return(metrics) %}
{% endmacro %}


{# Of these a smaller value is better, of all others a larger one. #}
{% macro smaller_is_better(metric) %}
  {% do return(metric in ['mse', 'rmse', 'mae', 'median_absolute_error', 'max_error', 'log_loss', 'brier', 'davies_bouldin',
                          'inertia', 'deviance', 'residual_std_err']) %}
{% endmacro %}


{# The first row of a model's summary, as a mapping. #}
{% macro summary_of(model_relation) %}
  {% set summary = dbt_madpy.beside(model_relation, '_summary', 'table') %}
  {% do return(dbt_madpy.json_of("select (pg_catalog.to_jsonb(s) - 'model')::text from " ~ summary.include(database=false) ~ ' as s limit 1')) %}
{% endmacro %}
