{# A cross-validation, a row for each fold and set of parameters: `parameters`, `fold`, `num_rows_trained`, `num_rows_tested`,
   `metric`, `score`, and `metrics`, all of them.  Each fold is predicted by a model that was trained on the others.

   algorithm: a function of the library that trains: "regr" for regr_train
   target, features: as for the function; features may be a list, and none takes all other columns but `exclude`
   parameters: of the function: a mapping whose lists are tried in all combinations, or a list of mappings
   folds, by, column, key, seed: as for `folds`; by time, each fold is predicted from those before it
   metric: of pgml.evaluate; none takes r2 for numbers and accuracy for classes

   Where parameters, folds or seed are not given, the vars madpy_parameters, madpy_folds and madpy_seed are, or {}, 5 and 0.
   The trainings run while the model is rendered, and the statement has their results as values. #}
{% macro cross_validate(relation, algorithm, target=none, features=none, exclude=[], parameters=none, folds=none, by='random',
                        column=none, key=none, seed=none, metric=none) %}
  {% do return(adapter.dispatch('cross_validate', 'dbt_madpy')(relation, algorithm, target, features, exclude, parameters, folds, by, column, key, seed, metric)) %}
{% endmacro %}


{% macro default__cross_validate(relation, algorithm, target, features, exclude, parameters, folds, by, column, key, seed, metric) %}
  {%- set plan = {
      'candidates': dbt_madpy.grid(var('madpy_parameters', {}) if parameters is none else parameters),
      'folds': var('madpy_folds', 5) if folds is none else folds, 'by': by, 'metric': metric,
      'settings': {'algorithm': algorithm, 'target': target, 'features': features, 'holdout': none,
                   'exclude': dbt_madpy.as_list(exclude) + ['madpy_fold']}} -%}
  {%- set rows = dbt_madpy.folds(relation, plan.folds, by, column, key, var('madpy_seed', 0) if seed is none else seed, 'madpy_fold') -%}
  {%- set results = dbt_madpy.cross_validated(plan, rows) if dbt_madpy.is_run() and not flags.EMPTY else [] -%}
  select v.parameters::jsonb, v.fold::integer, v.num_rows_trained::bigint, v.num_rows_tested::bigint,
         v.metric::text, v.score::double precision, v.metrics::jsonb
  from (values
    (null, null, null, null, null, null, null)
    {%- for result in results %},
    ({{ result | map('string') | join(', ') }})
    {%- endfor %}
  ) as v (parameters, fold, num_rows_trained, num_rows_tested, metric, score, metrics)
  where v.fold is not null
{%- endmacro %}


{# Train and test each candidate on each fold; returns rows of literals. #}
{% macro cross_validated(plan, rows_sql) %}
  {% set driver = dbt_madpy.driver(plan.settings.algorithm) %}
  {% if driver.method == 'project' %}
    {% do dbt_madpy.fail('a project cross-validates by itself', 'Set search and search_params among the parameters of its ml_model') %}
  {% endif %}
  {% set rows = dbt_madpy.temporary('folds', 'table') %}
  {% do dbt_madpy.execute_sql('create temporary table ' ~ rows.include(database=false) ~ ' as ' ~ rows_sql) %}
  {% set columns, results = dbt_madpy.columns_of(rows), [] %}
  {% for fold in range(2 if plan.by == 'time' else 1, plan.folds + 1) %}
    {% set fitted = dbt_madpy.rows_of_folds(rows, 'fitted', ('<' if plan.by == 'time' else '<>') ~ ' ' ~ fold) %}
    {% set tested = dbt_madpy.rows_of_folds(rows, 'tested', '= ' ~ fold) %}
    {% for parameters in plan.candidates %}
      {% set figures = dbt_madpy.figures_of_fold(dict(plan.settings, parameters=parameters), driver, columns, fitted, tested) %}
      {% set metric = plan.metric or ('accuracy' if 'accuracy' in figures.metrics else 'r2' if 'r2' in figures.metrics else 'silhouette') %}
      {% if metric not in figures.metrics %}
        {% do dbt_madpy.fail('there is no metric "' ~ metric ~ '"', 'Take one of these: ' ~ dbt_madpy.listed(figures.metrics | list | sort)) %}
      {% endif %}
      {% do results.append([dbt_madpy.literal(tojson(parameters)), fold, figures.trained, figures.tested, dbt_madpy.literal(metric),
                            dbt_madpy.literal(figures.metrics[metric]), dbt_madpy.literal(tojson(figures.metrics))]) %}
    {% endfor %}
    {% do dbt_madpy.drop_temporary([fitted, tested]) %}
  {% endfor %}
  {% do dbt_madpy.drop_temporary([rows]) %}
  {% do return(results) %}
{% endmacro %}


{# A temporary view of the rows whose fold meets a condition. #}
{% macro rows_of_folds(rows, name, condition) %}
  {% set part = dbt_madpy.temporary(name, 'view') %}
  {% do dbt_madpy.execute_sql('create temporary view ' ~ part.include(database=false) ~ ' as select * from ' ~ rows.include(database=false) ~ ' where madpy_fold ' ~ condition) %}
  {% do return(part) %}
{% endmacro %}


{# Train on one relation and evaluate on another: the metrics, and how many rows were trained and tested on. #}
{% macro figures_of_fold(settings, driver, columns, fitted, tested) %}
  {% set output = dbt_madpy.temporary('candidate', 'table') %}
  {% set arguments = dbt_madpy.arguments_of(settings, driver, columns, fitted, output) %}
  {% set trained = dbt_madpy.json_of(dbt_madpy.training_sql(driver, arguments)) %}
  {% set figures = dbt_madpy.json_of("
      select pg_catalog.jsonb_build_object(
          'tested', pg_catalog.max(value) filter (where part = 'rows' and name = 'num_rows'),
          'metrics', pg_catalog.jsonb_object_agg(name, value) filter (where part = 'metric'))::text
      from " ~ dbt_madpy.projects_function('evaluate') ~ '(' ~ dbt_madpy.relation_argument(output) ~ ', '
      ~ dbt_madpy.relation_argument(tested) ~ ', ' ~ dbt_madpy.literal(settings.target) ~ ', ' ~ dbt_madpy.literal(arguments.features) ~ ')') %}
  {% do dbt_madpy.drop_temporary([output, dbt_madpy.beside(output, '_summary', 'table')]) %}
  {% do return({'trained': trained.num_rows_processed, 'tested': figures.tested | int, 'metrics': figures.metrics or {}}) %}
{% endmacro %}
