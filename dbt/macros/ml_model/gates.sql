{# Gates: a model that does not pass them is not published.  The run fails, its transaction is rolled back, and the model
   that was there stays in service. #}

{% macro not_published(reason, hint) %}
  {% do dbt_madpy.fail('the model is not published: ' ~ reason ~ '; the one before stays in service', hint) %}
{% endmacro %}


{# Numbers of a training's result and of its JSON object `metrics`, by their names. #}
{% macro reported_metrics(result) %}
  {% set metrics = {} %}
  {% for name, value in result.items()
     if value is number and not name.startswith('num_') and name not in ['seed', 'model_id', 'k'] %}
    {% do metrics.update({name: value}) %}
  {% endfor %}
  {% for name, value in (result.metrics or {}).items() if value is number %}{% do metrics.update({name: value}) %}{% endfor %}
  {% do return(metrics) %}
{% endmacro %}


{% macro check_required(require, metrics) %}
  {% for name, bound in require.items() %}
    {% if name not in metrics or metrics[name] is none %}
      {% do dbt_madpy.fail('the model has no metric "' ~ name ~ '" that could be required',
        'Take one of these: ' ~ dbt_madpy.listed(metrics | list | sort)) %}
    {% endif %}
    {% set limits = bound if bound is mapping else ({'max': bound} if dbt_madpy.smaller_is_better(name) else {'min': bound}) %}
    {% for side, limit in limits.items() %}
      {% if side not in ['min', 'max'] or limit is not number %}
        {% do dbt_madpy.fail('the bound of "' ~ name ~ '" in require is ' ~ tojson(bound), 'Give a number, or min and max') %}
      {% endif %}
      {% if (side == 'min' and metrics[name] < limit) or (side == 'max' and metrics[name] > limit) %}
        {% do dbt_madpy.not_published(name ~ ' is ' ~ metrics[name] ~ ', required is ' ~ ('at least ' if side == 'min' else 'at most ') ~ limit,
            'Change the model, its data or the bound in require') %}
      {% endif %}
    {% endfor %}
  {% endfor %}
{% endmacro %}


{# Compare with the model in service on the same rows held out; returns its metrics. #}
{% macro check_better(settings, metrics, deployed, rows) %}
  {% set target = dbt_madpy.last_training(deployed).target %}
  {% if target != settings.target %}
    {% do dbt_madpy.not_published('its target is ' ~ settings.target ~ ', that of the deployed one ' ~ target,
        'Run with --full-refresh to publish it without the comparison') %}
  {% endif %}
  {% set other = dbt_madpy.measure_fit(settings, deployed, rows) %}
  {% set metric = settings.metric or ('accuracy' if 'accuracy' in metrics else 'r2') %}
  {% for figures in [metrics, other] if figures.get(metric) is none %}
    {% do dbt_madpy.fail('there is no metric "' ~ metric ~ '" to compare models by',
        'Set metric to one of these: ' ~ dbt_madpy.listed(metrics | list | sort)) %}
  {% endfor %}
  {% set better = metrics[metric] < other[metric] if dbt_madpy.smaller_is_better(metric) else metrics[metric] > other[metric] %}
  {% if not better %}
    {% do dbt_madpy.not_published(metric ~ ' is ' ~ metrics[metric] ~ ', that of the deployed one on the same rows ' ~ other[metric],
        'Change the model or its data, or run with --full-refresh to publish it all the same') %}
  {% endif %}
  {% do return(other) %}
{% endmacro %}
