{# The model of the algorithm that the cross-validation found to be the best. #}
{% macro best_model() %}
  {% set models = {'logregr': ref('survival_logregr'), 'dtree': ref('survival_dtree'), 'sk': ref('survival_forest')} %}
  {% set best = ref('best_algorithm') %}
  {% set algorithm = 'logregr' %}
  {% if execute and dbt_madpy.is_run() and not flags.EMPTY %}
    {% set algorithm = run_query('select algorithm from ' ~ best).columns[0].values()[0] %}
  {% endif %}
  {{ return(models[algorithm]) }}
{% endmacro %}
