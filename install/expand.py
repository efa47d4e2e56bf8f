"""Abbreviations of templates: one line for what is the same in all of them.

    LANGUAGE plpython3u VOLATILE SET jit = off AS MADLIB_DRIVER(regr.train);

    CREATE TYPE MADLIB_SCHEMA.regr_result AS (
        MADLIB_TRAINING,
        r2 double precision
    );

    MADLIB_KERNEL moments(y double precision, x double precision[]) IS 'what moments_state is';

    MADLIB_PREDICTION regr.predict(the columns of source_table, and prediction) IS 'what regr_predict does';

The first calls a function of modules/regr/driver.py, MADLIB_DRIVER(regr.predict.predict) one of predict.py.
The second is the columns of helper.training.Training, which every record begins with.  The third makes the
aggregates moments_state(y, x), moments_merge(state) and __moments_columns(y, VARIADIC x), whose features are
arguments of their own, and their support functions, which MADPY_KERNEL(moments) in the C source defines.
The last makes the driver regr_predict, of modules/regr/predict.py, which predicts a whole table; between the
brackets is what its output table has.  Where the name is "create_view", the driver makes a view.
"""

import re
from collections.abc import Sequence

DRIVER = re.compile(r"\bMADLIB_DRIVER\((?P<name>\w+(?:\.\w+){1,3})\)")
KERNEL = re.compile(
    r"^MADLIB_KERNEL (?P<name>\w+)\((?P<arguments>[^;]*?)\) IS\s+"
    r"(?P<comment>'(?:[^']|'')*');$",
    re.MULTILINE,
)
PREDICTION = re.compile(
    r"^MADLIB_PREDICTION (?P<module>\w+)\.(?P<name>\w+)\((?P<created>[^()]*)\) IS\s+"
    r"(?P<comment>'(?:[^']|'')*');$",
    re.MULTILINE,
)
RECORD = """\
    method                   text,
    source_table             text,
    output_table             text,
    summary_table            text,
    target                   text,
    features                 text,
    feature_names            text[],
    grouping_cols            text,
    options                  jsonb,
    num_groups               bigint,
    num_rows_processed       bigint,
    num_missing_rows_skipped bigint,
    duration                 interval,
    madpy_version            text,
    server_version           text,
    trained_by               text,
    trained_at               timestamptz"""
BODY = """\
$$
    if 'run' not in SD:
        import sys
        for row in plpy.execute('SELECT MADLIB_SCHEMA.__python_path() AS path'):
            row['path'] in sys.path or sys.path.insert(0, row['path'])
        from madpy.ports.postgres.session.udf import run
        SD['run'] = run
    return SD['run'](plpy, 'MADLIB_SCHEMA', '{name}', args, '{prefix}')
$$"""
SUPPORT = """\
CREATE FUNCTION MADLIB_SCHEMA.__{name}({parameters}) RETURNS bytea
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', '{name}';
COMMENT ON FUNCTION MADLIB_SCHEMA.__{name}({types}) IS '{comment}';
"""
AGGREGATE = """\
CREATE AGGREGATE MADLIB_SCHEMA.{name}({parameters}) (
    SFUNC = MADLIB_SCHEMA.__{step}, STYPE = bytea, COMBINEFUNC = MADLIB_SCHEMA.__{kernel}_combine,
    FINALFUNC = MADLIB_SCHEMA.__{kernel}_state, PARALLEL = SAFE
);
COMMENT ON AGGREGATE MADLIB_SCHEMA.{name}({types}) IS {comment};
"""
PREDICT = """\
CREATE FUNCTION MADLIB_SCHEMA.{prefix}{name}(
    model_table  text,                -- the output_table of {prefix}train
    source_table text,                -- read, never changed
    {output:<12} text,                -- created: {created}
    features     text DEFAULT NULL    -- needed where the model has expressions among its features
) RETURNS {type}
LANGUAGE plpython3u VOLATILE SET jit = off AS MADLIB_DRIVER({module}.predict.{name});
COMMENT ON FUNCTION MADLIB_SCHEMA.{prefix}{name}(text, text, text, text) IS
    {comment};"""


def expanded(template: str, prefix: str) -> str:
    """Write the abbreviations in `template` out; keep placeholders.  `prefix` is of the module's drivers."""
    body = BODY.replace("{prefix}", prefix)
    template = PREDICTION.sub(lambda line: _prediction(line, prefix), KERNEL.sub(_kernel, template))
    template = DRIVER.sub(lambda line: body.replace("{name}", line["name"]), template)
    return template.replace("    MADLIB_TRAINING", RECORD)


def _prediction(line: re.Match[str], prefix: str) -> str:
    is_view = line["name"] == "create_view"
    return PREDICT.format(
        **line.groupdict(),
        prefix=prefix,
        output="view_name" if is_view else "output_table",
        type="text" if is_view else "MADLIB_SCHEMA.predictions",
    )


def _kernel(line: re.Match[str]) -> str:
    name = line["name"]
    arguments = [tuple(argument.split(None, 1)) for argument in line["arguments"].split(",")]
    gathers = f'transition function: gathers rows into blocks for the kernel "{name}"'
    merges = f'merges two states of the kernel "{name}"'
    state = [("state", "bytea")]
    parts = [
        _support(f"{name}_accum", [*state, *arguments], gathers),
        _support(f"{name}_combine", [*state, ("other", "bytea")], merges),
        _support(f"{name}_state", state, f'a state of the kernel "{name}" with no rows waiting'),
        _aggregate(name, f"{name}_state", f"{name}_accum", arguments, line["comment"]),
        _aggregate(
            name, f"{name}_merge", f"{name}_combine", state, f"'merges states of {name}_state into one'"
        ),
    ]
    features = ("VARIADIC x", '"any"')
    columns = [*(argument for argument in arguments if argument[0] != "x"), features]
    what = f"'{name}_state with the features, all double precision, as arguments of their own'"
    parts += [
        _support(f"{name}_columns_accum", [*state, *columns], gathers),
        _aggregate(name, f"__{name}_columns", f"{name}_columns_accum", columns, what),
    ]
    return "\n".join(parts).rstrip("\n")


def _support(name: str, arguments: Sequence[tuple[str, ...]], comment: str) -> str:
    return SUPPORT.format(
        name=name, parameters=_parameters(arguments), types=_types(arguments), comment=comment
    )


def _aggregate(kernel: str, name: str, step: str, arguments: Sequence[tuple[str, ...]], comment: str) -> str:
    return AGGREGATE.format(
        kernel=kernel,
        name=name,
        step=step,
        parameters=_parameters(arguments),
        types=_types(arguments),
        comment=comment,
    )


def _parameters(arguments: Sequence[tuple[str, ...]]) -> str:
    return ", ".join(" ".join(argument) for argument in arguments)


def _types(arguments: Sequence[tuple[str, ...]]) -> str:
    return ", ".join(argument[-1] for argument in arguments)
