{# The call of a function that trains, by named arguments.  Types of arguments are those that the function declares. #}

{# The features as a text for the function: as they are given, or all columns of the query that are nothing else. #}
{% macro features_of(settings, driver, columns) %}
  {% if settings.features is string %}{% do return(settings.features) %}{% endif %}
  {% if settings.features is not none %}{% do return(settings.features | join(', ')) %}{% endif %}
  {% set other = dbt_madpy.other_columns(settings, driver) %}
  {% set names = [] %}
  {% for column in columns if column.name not in other and not dbt_madpy.mentions(settings.target, column.name) %}
    {% do names.append(dbt_madpy.quoted(column.name)) %}
  {% endfor %}
  {% if not names %}
    {% do dbt_madpy.fail('the query has no column that could be a feature', 'Add columns to the query, or shorten exclude') %}
  {% endif %}
  {% do return(names | join(', ')) %}
{% endmacro %}


{# The columns that a setting names which is not about features: groups, weights, offsets, rows held out, exclude. #}
{% macro other_columns(settings, driver) %}
  {% set names = dbt_madpy.as_list(settings.exclude) + dbt_madpy.as_list(dbt_madpy.holdout_column(settings)) %}
  {% for parameter, value in settings.parameters.items()
     if parameter in ['grouping_cols', 'weights', 'offset', 'test_column'] and value is not none %}
    {% do names.extend(dbt_madpy.as_list(value)) %}
  {% endfor %}
  {% do return(names) %}
{% endmacro %}


{# A list of names, which may be given as one text with commas. #}
{% macro as_list(value) %}
  {% if value is none %}{% do return([]) %}{% endif %}
  {% set names = [] %}
  {% for name in (value.split(',') if value is string else value) %}{% do names.append(dbt_madpy.unquoted(name.strip())) %}{% endfor %}
  {% do return(names) %}
{% endmacro %}


{# A name without the double quotes around it, if there are any. #}
{% macro unquoted(name) %}
  {% do return(name[1:-1].replace('""', '"') if name[:1] == '"' and name[1:].endswith('"') else name) %}
{% endmacro %}


{# Whether an expression has a name in it: a column of the target is no feature. #}
{% macro mentions(expression, name) %}
  {% if expression is none %}{% do return(false) %}{% endif %}
  {% if dbt_madpy.quoted(name) in expression %}{% do return(true) %}{% endif %}
  {% set pattern = '(?<![\\w$])' ~ modules.re.escape(name) ~ '(?![\\w$])' %}
  {% do return(modules.re.search(pattern, expression, modules.re.IGNORECASE) is not none) %}
{% endmacro %}


{# The arguments of the call, by name, each a value of the settings. #}
{% macro arguments_of(settings, driver, columns, rows, output) %}
  {% set arguments = {} %}
  {% set ours = ['source_table', 'output_table', 'target', 'features', 'relation_name', 'y_column_name', 'exclude', 'automatic_deploy'] %}
  {% set theirs = driver.arguments | reject('in', ours) | sort %}
  {% for name in settings.parameters if name in ours %}
    {% do dbt_madpy.fail('"' ~ name ~ '" is no parameter of an ml_model',
        'Remove it: the query is the source, and target, features and exclude stand beside parameters') %}
  {% endfor %}
  {% for name in settings.parameters if name not in theirs %}
    {% do dbt_madpy.fail(driver.function ~ ' has no parameter "' ~ name ~ '"', 'Take one of these: ' ~ dbt_madpy.listed(theirs)) %}
  {% endfor %}
  {% if settings.target is not none and 'target' not in driver.arguments and driver.method != 'project' %}
    {% do dbt_madpy.fail(driver.function ~ ' has no target', 'Remove target') %}
  {% endif %}
  {% do dbt_madpy.check_exclude(settings, columns) %}
  {% do arguments.update(settings.parameters) %}
  {% if driver.method == 'project' %}
    {% do arguments.update(dbt_madpy.project_arguments(settings, columns, rows)) %}
  {% else %}
    {% do arguments.update({'source_table': rows.include(database=false) | string,
                            'output_table': output.include(database=false) | string,
                            'features': dbt_madpy.features_of(settings, driver, columns)}) %}
    {% if 'target' in driver.arguments %}{% do arguments.update({'target': settings.target}) %}{% endif %}
  {% endif %}
  {% do return(arguments) %}
{% endmacro %}


{# A name without a column, such as a misspelled one, would leave the column that is meant among the features. #}
{% macro check_exclude(settings, columns) %}
  {% set names = columns | map(attribute='name') | list %}
  {% for name in dbt_madpy.as_list(settings.exclude) if name not in names %}
    {% do dbt_madpy.fail('the query has no column "' ~ name ~ '", which exclude names', 'Take some of these: ' ~ dbt_madpy.listed(names)) %}
  {% endfor %}
{% endmacro %}


{# A project takes a column as target, and all others but those that it is told to leave out. #}
{% macro project_arguments(settings, columns, rows) %}
  {% set left_out = dbt_madpy.as_list(settings.exclude) %}
  {% if settings.features is not none %}
    {% set features = dbt_madpy.as_list(settings.features) %}
    {% for column in columns if column.name not in features and column.name != settings.target %}
      {% do left_out.append(column.name) %}
    {% endfor %}
  {% endif %}
  {% set quoted = [] %}
  {% for name in left_out %}{% do quoted.append(dbt_madpy.quoted(name)) %}{% endfor %}
  {% do return({'project_name': settings.parameters.get('project_name', this.schema ~ '.' ~ this.identifier),
                'relation_name': rows.include(database=false) | string,
                'y_column_name': settings.target,
                'exclude': quoted | join(', ') if quoted else none,
                'automatic_deploy': settings.better_than == 'deployed' and not should_full_refresh()}) %}
{% endmacro %}


{# The statement that trains; it returns a JSON object of the numbers in the function's result, and of what says how a project
   was trained.  Names of levels and of classes are values of the rows, and stay in the database. #}
{% macro training_sql(driver, arguments) %}
  select (select pg_catalog.jsonb_object_agg(key, value)
          from pg_catalog.jsonb_each(pg_catalog.to_jsonb(trained))
          where pg_catalog.jsonb_typeof(value) = 'number' or key in ('metrics', 'metric', 'project_name', 'status'))::text
  from {{ driver.function }}(
  {%- for name, value in arguments.items() %}
      {{ dbt_madpy.quoted(name) }} => {{ dbt_madpy.typed_literal(value, driver.arguments[name]) }}{{ ',' if not loop.last }}
  {%- endfor %}
  ) as trained
{% endmacro %}


{# A value for an argument of a type: a list is a text with commas, unless the argument is an array or JSON. #}
{% macro typed_literal(value, type) %}
  {% if type == 'jsonb' and value is string and value[:1] in ['{', '[', '"'] %}{% do return(dbt_madpy.literal(value)) %}{% endif %}
  {% if type == 'jsonb' and value is not none %}{% do return(dbt_madpy.literal(tojson(value))) %}{% endif %}
  {% if type.endswith('[]') and value is sequence and value is not string %}
    {% set items = [] %}
    {% for item in value %}{% do items.append(dbt_madpy.literal(item)) %}{% endfor %}
    {% do return('array[' ~ items | join(', ') ~ ']') %}
  {% endif %}
  {% if type == 'text' and value is sequence and value is not string %}{% do return(dbt_madpy.literal(value | join(', '))) %}{% endif %}
  {% if type == 'text' and value is not none %}{% do return(dbt_madpy.literal(value | string)) %}{% endif %}
  {% do return(dbt_madpy.literal(value)) %}
{% endmacro %}
