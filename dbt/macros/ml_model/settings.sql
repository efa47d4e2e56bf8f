{# The settings of an `ml_model`, from its `meta.madpy`, checked and with their defaults. #}

{% macro ml_model_settings() %}
  {% set given = model.config.get('meta', {}).get('madpy') %}
  {% if given is not mapping %}
    {% do dbt_madpy.fail('the model has no settings of madpy',
        'Give it at least an algorithm: config(materialized="ml_model", meta={"madpy": {"algorithm": "regr", "target": "price"}})') %}
  {% endif %}
  {% set defaults = {
      'algorithm': none, 'target': none, 'features': none, 'exclude': [], 'parameters': {}, 'holdout': none,
      'retrain': 'if_changed', 'require': {}, 'better_than': none, 'metric': none, 'training_set': 'temporary'} %}
  {% for name in given if name not in defaults %}
    {% do dbt_madpy.fail('there is no setting "' ~ name ~ '" in meta.madpy',
        'Take one of these: ' ~ dbt_madpy.listed(defaults | list)) %}
  {% endfor %}
  {% set settings = dict(defaults, **given) %}
  {% do dbt_madpy.check_settings(settings) %}
  {% do dbt_madpy.check_config(settings) %}
  {% do return(settings) %}
{% endmacro %}


{% macro check_settings(settings) %}
  {% if settings.algorithm is not string %}
    {% do dbt_madpy.fail('meta.madpy has no "algorithm"', 'Name a function that trains: "regr" for regr_train, "train" for a project') %}
  {% endif %}
  {% for name, values in {'retrain': ['if_changed', 'always', 'never'], 'training_set': ['temporary', 'table', 'view'],
                          'better_than': [none, 'deployed']}.items() if settings[name] not in values %}
    {% do dbt_madpy.fail(name ~ ' is "' ~ settings[name] ~ '"', 'Take one of these: ' ~ dbt_madpy.listed(values | select('string'))) %}
  {% endfor %}
  {% for name in ['parameters', 'require'] if settings[name] is not mapping %}
    {% do dbt_madpy.fail(name ~ ' has no names', 'Write it as a mapping: ' ~ name ~ ': {name: value}') %}
  {% endfor %}
  {% if settings.holdout is number and not 0 < settings.holdout < 1 %}
    {% do dbt_madpy.fail('holdout is ' ~ settings.holdout, 'Give a share between 0 and 1, or the name of a boolean column') %}
  {% endif %}
  {% if settings.better_than and settings.holdout is none and settings.algorithm != 'train' %}
    {% do dbt_madpy.fail('better_than needs rows that the new model was not fitted on',
        'Set holdout to a share of the rows, or to the name of a boolean column of the query') %}
  {% endif %}
  {% if settings.algorithm == 'train' and settings.holdout is not none %}
    {% do dbt_madpy.fail('a project holds rows out itself', 'Remove holdout, and set test_size among the parameters') %}
  {% endif %}
  {% if settings.algorithm == 'train' and settings.metric is not none %}
    {% do dbt_madpy.fail('a project compares models by a metric of its own', 'Set metric among the parameters') %}
  {% endif %}
{% endmacro %}


{# What dbt offers for tables and does not fit a model. #}
{% macro check_config(settings) %}
  {% if config.get('contract') and config.get('contract').enforced %}
    {% do dbt_madpy.fail('an ml_model has no contract: its columns are those of the algorithm', 'Remove the contract') %}
  {% endif %}
  {% if config.get('on_schema_change', 'ignore') != 'ignore' %}
    {% do dbt_madpy.fail('on_schema_change does not fit an ml_model, whose columns are those of the algorithm', 'Remove it') %}
  {% endif %}
  {% if this.schema == dbt_madpy.library_schema() or this.schema == dbt_madpy.projects_schema() %}
    {% do dbt_madpy.fail('schema "' ~ this.schema ~ '" is that of the library', 'Choose another schema for models') %}
  {% endif %}
  {% if '"' in this.identifier %}
    {% do dbt_madpy.fail('the name of the model has a double quote in it, which dbt does not escape', 'Set another alias') %}
  {% endif %}
  {% set longest = 63 - ('_summary' | length) %}
  {% if this.identifier.encode('utf-8') | length > longest %}
    {% do dbt_madpy.fail('the name "' ~ this.identifier ~ '" is longer than ' ~ longest ~ ' bytes, and that of its summary would not fit',
        'Set a shorter alias') %}
  {% endif %}
{% endmacro %}
