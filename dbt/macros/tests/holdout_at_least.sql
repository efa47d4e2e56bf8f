{# The metric of a model over the rows of a relation, which it was not fitted on, is within bounds.
   relation: a table or view with the columns that the model was trained on, and its target
   target: an expression over it, where it is not the column that the model was trained on #}
{% test holdout_at_least(model, relation, metric, at_least=none, at_most=none, target=none) %}
  {{ dbt_madpy.out_of_bounds("select e.value from (" ~ dbt_madpy.evaluate(model, relation, target) ~ ") as e where e.part = 'metric' and e.name = " ~ dbt_madpy.literal(metric),
      metric, at_least, at_most) }}
{% endtest %}
