{# The metric of the last training of an ml_model, from the registry, is within bounds.
   at_least, at_most: one of them or both; at_most is for errors, such as rmse. #}
{% test metric_at_least(model, metric, at_least=none, at_most=none) %}
  {%- set last = dbt_madpy.tested_training(model) -%}
  {%- if last and metric not in last.metrics -%}
    {%- do dbt_madpy.fail('the registry has no metric "' ~ metric ~ '" of "' ~ model.identifier ~ '"',
        'Take one of these: ' ~ dbt_madpy.listed(last.metrics | list | sort) ~ ', or set holdout in meta.madpy, for metrics of the rows held out') -%}
  {%- endif -%}
  {{ dbt_madpy.out_of_bounds('select (l.metrics ->> ' ~ dbt_madpy.literal(metric) ~ ')::double precision from (' ~ dbt_madpy.last_training_sql(model) ~ ') as l',
      metric, at_least, at_most) }}
{% endtest %}
