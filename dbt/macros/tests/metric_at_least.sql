{# The metric of the last training of an ml_model, from the registry, is within bounds.
   at_least, at_most: one of them or both; at_most is for errors, such as rmse. #}
{% test metric_at_least(model, metric, at_least=none, at_most=none) %}
  {%- do dbt_madpy.check_registered(model) -%}
  {{ dbt_madpy.out_of_bounds('select (l.metrics ->> ' ~ dbt_madpy.literal(metric) ~ ')::double precision from (' ~ dbt_madpy.last_training_sql(model) ~ ') as l',
      metric, at_least, at_most) }}
{% endtest %}
