{# Figures that judge predictions, by the definitions and names of pgml.evaluate, which are those of scikit-learn. #}

{# Of two SQL expressions over a relation: an aggregate that returns a JSON object. #}
{% macro regression_metrics(actual, predicted) %}
  {% set y = '(' ~ actual ~ ')::double precision' %}
  {% set error = '(' ~ y ~ ' - (' ~ predicted ~ ')::double precision)' %}
  pg_catalog.jsonb_build_object(
      'r2', 1 - pg_catalog.avg({{ error }} ^ 2) / nullif(pg_catalog.var_pop({{ y }}) filter (where {{ error }} is not null), 0),
      'mse', pg_catalog.avg({{ error }} ^ 2),
      'rmse', pg_catalog.sqrt(pg_catalog.avg({{ error }} ^ 2)),
      'mae', pg_catalog.avg(pg_catalog.abs({{ error }})))
{% endmacro %}


{# Of two SQL expressions over a relation: a query of one row with a JSON object.  precision, recall and f1 are means over
   the classes; of two classes f1 and its likes are those of the second one, as scikit-learn has them. #}
{% macro classification_metrics_sql(relation, actual, predicted) %}
  with pairs as (
      select ({{ actual }})::text as actual, ({{ predicted }})::text as predicted, pg_catalog.count(*)::double precision as number
      from {{ relation }}
      where ({{ actual }}) is not null and ({{ predicted }}) is not null
      group by 1, 2
  ), classes as (
      select c.label,
             coalesce(pg_catalog.sum(p.number) filter (where p.actual = c.label and p.predicted = c.label), 0) as hits,
             coalesce(pg_catalog.sum(p.number) filter (where p.actual = c.label), 0) as actual,
             coalesce(pg_catalog.sum(p.number) filter (where p.predicted = c.label), 0) as predicted
      from (select actual as label from pairs union select predicted from pairs) as c cross join pairs as p
      group by c.label
  ), by_class as (
      select c.*, pg_catalog.row_number() over (order by label collate "C" desc) as place, pg_catalog.count(*) over () as number
      from classes as c
  )
  select pg_catalog.jsonb_build_object(
      'accuracy', pg_catalog.sum(hits) / nullif(pg_catalog.sum(actual), 0),
      'precision', pg_catalog.avg(coalesce(hits / nullif(predicted, 0), 0)) filter (where place = 1 or number <> 2),
      'recall', pg_catalog.avg(coalesce(hits / nullif(actual, 0), 0)) filter (where place = 1 or number <> 2),
      'f1', pg_catalog.avg(coalesce(2 * hits / nullif(actual + predicted, 0), 0)) filter (where place = 1 or number <> 2))::text
  from by_class
{% endmacro %}


{# Of these a smaller value is better, of all others a larger one. #}
{% macro smaller_is_better(metric) %}
  {% do return(metric in ['mse', 'rmse', 'mae', 'median_absolute_error', 'max_error', 'log_loss', 'brier', 'davies_bouldin',
                          'inertia', 'deviance', 'residual_std_err']) %}
{% endmacro %}


{# The metrics of a model on the rows of a relation that has its target; none for methods without a target. #}
{% macro measure(model_relation, rows) %}
  {% set summary = dbt_madpy.summary_of(model_relation) %}
  {% if not summary.target %}{% do return({}) %}{% endif %}
  {% set predicted = dbt_madpy.temporary('predicted', 'table') %}
  {% call statement('dbt_madpy_predict') %}
    select {{ dbt_madpy.library_function(summary.method ~ '_predict') }}(
        {{ dbt_madpy.literal(model_relation.include(database=false) | string) }},
        {{ dbt_madpy.literal(rows.include(database=false) | string) }},
        {{ dbt_madpy.literal(predicted.include(database=false) | string) }})
  {% endcall %}
  {% if summary.classes %}
    {% set metrics = dbt_madpy.json_of(dbt_madpy.classification_metrics_sql(predicted.include(database=false), summary.target, 'prediction')) %}
  {% else %}
    {% set metrics = dbt_madpy.json_of('select (' ~ dbt_madpy.regression_metrics(summary.target, 'prediction') ~ ')::text from ' ~ predicted.include(database=false)) %}
  {% endif %}
  {% do dbt_madpy.drop_temporary([predicted]) %}
  {% do return(metrics) %}
{% endmacro %}


{# The first row of a model's summary, as a mapping. #}
{% macro summary_of(model_relation) %}
  {% set summary = dbt_madpy.beside(model_relation, '_summary', 'table') %}
  {% do return(dbt_madpy.json_of('select pg_catalog.to_jsonb(s)::text from ' ~ summary.include(database=false) ~ ' as s limit 1')) %}
{% endmacro %}
