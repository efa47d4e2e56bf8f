{# A trained model as a node: its query returns the rows to train on, `meta.madpy` says how.  The manual is dbt/README.md.

   All steps are in one transaction: a run that fails or is cancelled leaves the model that was there. #}

{% materialization ml_model, adapter='postgres' %}
  {% set settings = dbt_madpy.ml_model_settings() %}
  {% set target_relation = this.incorporate(type='table') %}
  {% do dbt_madpy.check_transactions() %}
  {% do dbt_madpy.ensure_registry() %}

  {{ run_hooks(pre_hooks, inside_transaction=False) }}
  {% do dbt_madpy.ensure_transaction() %}
  {{ run_hooks(pre_hooks, inside_transaction=True) }}

  {% do dbt_madpy.lock_model(target_relation) %}
  {% set driver = dbt_madpy.driver(settings.algorithm) %}
  {% set existing = dbt_madpy.existing_relation(target_relation) %}
  {% do dbt_madpy.check_tables_beside(target_relation, settings) %}
  {% set outcome = dbt_madpy.outcome_of(settings, driver, target_relation, existing) %}

  {% call noop_statement('main', message=outcome.message, code=outcome.code, rows_affected=0) %}
    {{ outcome.sql }}
  {% endcall %}

  {{ run_hooks(post_hooks, inside_transaction=True) }}

  {% set relations = [target_relation, dbt_madpy.beside(target_relation, '_summary', 'table')] %}
  {% for relation in relations %}
    {% do apply_grants(relation, config.get('grants'), should_revoke=should_revoke(existing, full_refresh_mode=outcome.is_new)) %}
  {% endfor %}
  {% do persist_docs(target_relation, model) %}

  {{ adapter.commit() }}

  {{ run_hooks(post_hooks, inside_transaction=False) }}

  {{ return({'relations': relations}) }}
{% endmaterialization %}


{# Decide what is done, and do it: keep the model, train one of no rows, or train. #}
{% macro outcome_of(settings, driver, target_relation, existing) %}
  {% set is_whole = dbt_madpy.is_whole(existing, driver) %}
  {% set last = dbt_madpy.last_training(target_relation) if is_whole else none %}
  {% if is_whole and flags.EMPTY %}
    {% do return({'message': 'KEPT, since --empty has no rows', 'code': 'KEPT', 'sql': sql, 'is_new': false}) %}
  {% elif last and last.fingerprint and settings.retrain == 'never' and not should_full_refresh() %}
    {% do dbt_madpy.check_required(settings.require, last.metrics) %}
    {% do return({'message': 'KEPT', 'code': 'KEPT', 'sql': sql, 'is_new': false}) %}
  {% endif %}
  {% set rows = dbt_madpy.training_set_relation(settings) %}
  {% do dbt_madpy.create_training_set(rows, settings, sql) %}
  {% set columns = dbt_madpy.columns_of(rows) %}
  {% do dbt_madpy.check_holdout(settings, columns) %}
  {% if flags.EMPTY %}{% do dbt_madpy.make_up_rows(rows, columns) %}{% endif %}
  {% set fingerprint = dbt_madpy.fingerprint_of(settings, columns, rows) %}
  {% set is_known = last and last.fingerprint == fingerprint.fingerprint and not settings.require | reject('in', last.metrics) | list %}
  {% if is_known and settings.retrain == 'if_changed' and not should_full_refresh() %}
    {% do dbt_madpy.drop_temporary([rows]) %}
    {% do dbt_madpy.check_required(settings.require, last.metrics) %}
    {% do return({'message': 'UNCHANGED', 'code': 'UNCHANGED', 'sql': sql, 'is_new': false}) %}
  {% endif %}
  {% do return(dbt_madpy.train_and_publish(settings, driver, target_relation, existing, last, rows, columns, fingerprint)) %}
{% endmacro %}


{% macro train_and_publish(settings, driver, target_relation, existing, last, rows, columns, fingerprint) %}
  {% set new = dbt_madpy.new_relation() %}
  {% set fitted = dbt_madpy.part_of_training_set(rows, settings, false) %}
  {% set arguments = dbt_madpy.arguments_of(settings, driver, columns, fitted, new) %}
  {% if flags.EMPTY and arguments.target %}
    {% do arguments.update({'target': dbt_madpy.make_up_target(rows, settings.target)}) %}
    {% if settings.holdout is not none %}{% do arguments.update({'source_table': rows.include(database=false) | string}) %}{% endif %}
  {% endif %}
  {% set training_sql = dbt_madpy.training_sql(driver, arguments) %}
  {% set result = dbt_madpy.json_of(training_sql) %}
  {% if driver.method == 'project' %}{% do dbt_madpy.keep_project(new, settings, result) %}{% endif %}
  {% set metrics = dbt_madpy.reported_metrics(result) %}
  {% set deployed_metrics = none %}
  {% if not flags.EMPTY %}
    {% set deployed = target_relation if last and last.fingerprint else none %}
    {% set deployed_metrics = dbt_madpy.pass_gates(settings, driver, new, deployed, rows, metrics) %}
  {% endif %}
  {% do dbt_madpy.drop_temporary([fitted, rows] if fitted != rows else [rows]) %}
  {% set published = dbt_madpy.publish(new, target_relation) %}
  {% do dbt_madpy.complete_summary(target_relation, settings) %}
  {% do dbt_madpy.register(target_relation, settings, driver.method,
                           dict(fingerprint, fingerprint=none) if flags.EMPTY else fingerprint, metrics, deployed_metrics, published) %}
  {% do return({'message': ('TRAINED ' ~ dbt_madpy.headline(metrics)).strip(), 'code': 'TRAINED', 'sql': training_sql,
                'is_new': published != 'in place'}) %}
{% endmacro %}


{# Measure the new model, check what is required of it, and compare it; adds to `metrics`, returns those of the deployed one. #}
{% macro pass_gates(settings, driver, new, deployed, rows, metrics) %}
  {% if driver.method == 'project' %}
    {% do dbt_madpy.check_required(settings.require, metrics) %}
    {% do return(none) %}
  {% endif %}
  {% set deployed_metrics = none %}
  {% if settings.holdout is not none or settings.require | reject('in', metrics) | list %}
    {% do metrics.update(dbt_madpy.measure_fit(settings, new, rows)) %}
  {% endif %}
  {% do dbt_madpy.check_required(settings.require, metrics) %}
  {% if settings.better_than and deployed and not should_full_refresh() %}
    {% set deployed_metrics = dbt_madpy.check_better(settings, metrics, deployed, rows) %}
  {% endif %}
  {% do return(deployed_metrics) %}
{% endmacro %}


{# The metrics in a line of dbt's log: three at most. #}
{% macro headline(metrics) %}
  {% set parts = [] %}
  {% for name in ['accuracy', 'r2', 'f1', 'silhouette', 'rmse'] if metrics.get(name) is number %}
    {% do parts.append(name ~ ' ' ~ '%.4g' | format(metrics[name])) %}
  {% endfor %}
  {% do return(parts[:3] | join(', ')) %}
{% endmacro %}


{# Whether a model and its summary are there as tables (views are what dbt clone makes), and the model of a project, too. #}
{% macro is_whole(existing, driver) %}
  {% if existing is none or existing.type != 'table' %}{% do return(false) %}{% endif %}
  {% if dbt_madpy.existing_relation(dbt_madpy.beside(existing, '_summary', 'table')) is none %}{% do return(false) %}{% endif %}
  {% if driver.method != 'project' %}{% do return(true) %}{% endif %}
  {% set summary = dbt_madpy.summary_of(existing) %}
  {% do return(summary.model_id is defined and dbt_madpy.json_of('
      select pg_catalog.to_jsonb(id)::text from ' ~ dbt_madpy.quoted(dbt_madpy.projects_schema()) ~ '.models
      where id = ' ~ dbt_madpy.literal(summary.model_id)) is not none) %}
{% endmacro %}


{# Begin a transaction where there is none: after a COMMIT, which hooks outside of it and a new registry end with, dbt sends no
   BEGIN. #}
{% macro ensure_transaction() %}
  {% if not dbt_madpy.in_transaction() %}{% do dbt_madpy.execute_sql('begin') %}{% endif %}
{% endmacro %}


{# Another run of the same model waits here until the transaction ends. #}
{% macro lock_model(relation) %}
  {% do dbt_madpy.execute_sql(dbt_madpy.lock_sql(relation)) %}
{% endmacro %}


{# The statement that locks a name, whether its relation is there or not. #}
{% macro lock_sql(relation) %}
  {% do return('select pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtext(' ~ dbt_madpy.literal('dbt_madpy ' ~ relation) ~ '))') %}
{% endmacro %}


{% macro check_transactions() %}
  {% if not dbt_madpy.in_transaction() %}
    {% do dbt_madpy.fail('the connection commits each statement, and a training is one transaction',
        'Remove "autocommit: true" from the target "' ~ target.name ~ '" in profiles.yml') %}
  {% endif %}
{% endmacro %}


{# Whether two statements are of one transaction. #}
{% macro in_transaction() %}
  {% set query = 'select pg_catalog.to_jsonb(pg_catalog.pg_current_xact_id()::text)::text' %}
  {% do return(dbt_madpy.json_of(query) == dbt_madpy.json_of(query)) %}
{% endmacro %}
