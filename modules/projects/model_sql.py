"""model_sql: a model as a function in SQL that needs nothing of this library."""

from collections.abc import Sequence

from madpy.errors import MadpyError
from madpy.helper import helper
from madpy.helper.checks.arguments import parse_name
from madpy.modules.projects.fitted import Fitted, get_model
from madpy.modules.projects.prepared import Input, codes_relation, column_names, inputs_of
from madpy.modules.projects.sk_layout import KIND_LINEAR, KIND_TREES
from madpy.modules.projects.sums import Scores, linear, trees
from madpy.ports.postgres.session.db import Database, fill, identifier, literal
from madpy.ports.postgres.session.only import in_server

MOST_ARGUMENTS = 100  # parameters of a function in PostgreSQL
MOST_COLUMNS = 1600  # columns of a subquery
STATEMENT = """\
CREATE FUNCTION {name:q}({parameters:q}) RETURNS {returned:q}
LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT {value:q}
    FROM {rows:q}
    WHERE {condition:q};
END;
COMMENT ON FUNCTION {name:q} IS {comment:l};
"""
KINDS = {KIND_LINEAR: linear, KIND_TREES: trees}


@in_server("model_sql")
def model_sql(db: Database, model_id: int | None, name: str | None) -> str:
    """Return the statement that creates a function with the predictions of a model."""
    entry = get_model(db, int(helper.check_not_null("model_id", model_id)))
    parts = parse_name(name) if name is not None else [f"model_{entry.id}"]
    if not parts or len(parts) > 2:
        raise MadpyError(
            f'name: "{name}" is not a name', sqlstate="42602", hint="write it like schema.function"
        )
    comment = f"{entry.algorithm} of project {entry.project}, model {entry.id}"
    return statement(entry.fitted, ".".join(map(identifier, parts)), comment)


def statement(fitted: Fitted, name: str, comment: str) -> str:
    """Return CREATE FUNCTION for a linear model or trees; the function is as exact as the scorer in C."""
    if fitted.kind not in KINDS or fitted.task not in ("regression", "classification"):
        raise MadpyError(
            "this model cannot be written in SQL",
            sqlstate="0A000",
            hint="choose a linear algorithm, trees, a forest or boosting",
        )
    inputs = inputs_of(fitted)
    parameters, items, condition = _parameters(fitted, inputs)
    columns = column_names(inputs)
    _check_size(len(columns))
    names = [f"c{n}" for n in range(1, len(columns) + 1)]
    scores = KINDS[fitted.kind](fitted, names)
    relation = codes_relation(fitted, inputs, items)
    rows = _step(dict(zip(names, columns, strict=True)), relation)
    for step in scores.steps:
        _check_size(len(step))
        rows = _step(step, rows)
    value, returned = _value(fitted, scores)
    if len(scores.items) > 1:
        rows = _step({f"y{n}": item for n, item in enumerate(scores.items, 1)}, rows)
    return fill(
        STATEMENT,
        {
            "name": name, "parameters": ", ".join(parameters), "returned": returned, "value": value,
            "rows": rows, "condition": condition, "comment": comment,
        },
    )  # fmt: skip


def _check_size(columns: int) -> None:
    if columns > MOST_COLUMNS:
        raise MadpyError(
            f"the model has {columns:,} columns or trees, more than {MOST_COLUMNS:,}",
            sqlstate="54000",
            hint="train on fewer columns, or fewer trees",
        )


def _step(items: dict[str, str], rows: str) -> str:
    """Return a subquery whose columns are computed once for a row."""
    columns = ", ".join(f"{item} AS {name}" for name, item in items.items())
    return fill("(SELECT {columns:q} FROM {rows:q} OFFSET 0) AS r", {"columns": columns, "rows": rows})


def _parameters(fitted: Fitted, inputs: Sequence[Input]) -> tuple[list[str], list[str], str]:
    """Return the parameters, SQL of the inputs over them, and the condition for a result."""
    names = fitted.inputs
    count = len(inputs)
    is_array = fitted.header.get("is_vector") or count > MOST_ARGUMENTS
    if is_array and not any(one.levels for one in inputs):
        items = [f"($1)[{n}]" for n in range(1, count + 1)]
        return ["x double precision[]"], items, f"pg_catalog.cardinality($1) = {count}"
    if is_array:
        raise MadpyError(
            f"the model has {count} features, more than the {MOST_ARGUMENTS} parameters of a function",
            sqlstate="54023",
            hint="train on fewer columns",
        )
    types = ["text" if one.levels else "double precision" for one in inputs]
    is_named = len({name.encode()[:63] for name in names}) == count and all(names)
    parameters = [
        f"{identifier(name)} {kind}" if is_named else kind for name, kind in zip(names, types, strict=True)
    ]
    return parameters, [f"${n}" for n in range(1, count + 1)], "true"


def _value(fitted: Fitted, scores: Scores) -> tuple[str, str]:
    """Return SQL of the prediction and its type, over the last step."""
    if fitted.task == "regression" and len(scores.items) == 1:
        return scores.items[0], "double precision"
    names = [f"y{n}" for n in range(1, len(scores.items) + 1)]
    if fitted.task == "regression":
        return f"ARRAY[{', '.join(names)}]", "double precision[]"
    labels = [literal(label) for label in fitted.classes]
    if len(names) == 1:
        comparison = ">=" if scores.zero_is_second else ">"
        return f"CASE WHEN {scores.items[0]} {comparison} 0 THEN {labels[1]} ELSE {labels[0]} END", "text"
    cases = " ".join(f"WHEN {name} THEN {label}" for name, label in zip(names, labels, strict=True))
    return f"CASE GREATEST({', '.join(names)}) {cases} END", "text"
