"""model_sql: a model as a function in SQL that needs nothing of this library."""

from collections.abc import Sequence

from madpy.errors import MadpyError
from madpy.helper import helper
from madpy.helper.checks.arguments import parse_name
from madpy.modules.projects.models.fitted import Fitted, get_model
from madpy.modules.projects.models.layout import KIND_LINEAR, KIND_TREES
from madpy.modules.projects.models.prepared import Input, columns_of, inputs_of
from madpy.modules.projects.models.sums import Scores, linear, trees
from madpy.ports.postgres.session.db import Database
from madpy.ports.postgres.session.only import in_server
from madpy.ports.postgres.session.sql import fill, identifier, literal

MOST_ARGUMENTS = 100  # parameters of a function in PostgreSQL
MOST_INLINED = 20_000  # characters of an expression that the planner may put in the place of a call
STATEMENT = """\
CREATE FUNCTION {name:q}({parameters:q}) RETURNS {returned:q}
{body:q};
COMMENT ON FUNCTION {name:q} IS {comment:l};
"""
INLINED = """\
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN {value:q}"""
# JIT would compile a longer expression for minutes; PL/pgSQL prepares it once in a transaction.
LONG = """\
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS {tag:q}BEGIN RETURN {value:q}; END{tag:q}"""
KINDS = {KIND_LINEAR: linear, KIND_TREES: trees}


@in_server("model_sql", module="projects")
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
    """Return CREATE FUNCTION for a linear model or trees; its numbers have the bits of the scorer in C.

    The function is one expression.
    """
    is_known = fitted.kind in KINDS and fitted.task in ("regression", "classification")
    if not is_known or (fitted.kind == KIND_LINEAR and fitted.takes_nan):
        raise MadpyError(
            "this model cannot be written in SQL",
            sqlstate="0A000",
            hint="choose a linear algorithm, trees, a forest or boosting",
        )
    inputs = inputs_of(fitted)
    parameters, items, conditions = _parameters(fitted, inputs)
    conditions += [
        one.condition(item)
        for one, item in zip(inputs, items, strict=True)
        if one.is_needed(fitted.takes_nan)
    ]
    value, returned = _value(fitted, KINDS[fitted.kind](fitted, columns_of(inputs, items)))
    if conditions:
        value = fill(
            "CASE WHEN {conditions:q} THEN {value:q} END",
            {"conditions": " AND ".join(conditions), "value": value},
        )
    return fill(
        STATEMENT,
        {
            "name": name, "parameters": ", ".join(parameters), "returned": returned,
            "body": _body(value), "comment": comment,
        },
    )  # fmt: skip


def _body(value: str) -> str:
    tag = "$madpy$"
    while tag in value:
        tag = f"{tag[:-1]}_$"
    return fill(INLINED if len(value) <= MOST_INLINED else LONG, {"value": value, "tag": tag})


def _parameters(fitted: Fitted, inputs: Sequence[Input]) -> tuple[list[str], list[str], list[str]]:
    """Return the parameters, SQL of the inputs over them, and the conditions for a result."""
    names = fitted.inputs
    count = len(inputs)
    is_array = fitted.header.get("is_vector") or count > MOST_ARGUMENTS
    if is_array and not any(one.levels for one in inputs):
        items = [f"($1)[{n}]" for n in range(1, count + 1)]
        return ["x double precision[]"], items, [f"pg_catalog.cardinality($1) = {count}"]
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
    return parameters, [f"${n}" for n in range(1, count + 1)], []


def _value(fitted: Fitted, scores: Scores) -> tuple[str, str]:
    """Return SQL of the prediction and its type."""
    items = scores.items
    if fitted.task == "regression":
        is_one = len(items) == 1
        return (
            (items[0], "double precision") if is_one else (f"ARRAY[{', '.join(items)}]", "double precision[]")
        )
    labels = [literal(label) for label in fitted.classes]
    if len(items) == 1:
        comparison = ">=" if scores.zero_is_second else ">"
        return f"CASE WHEN {items[0]} {comparison} 0 THEN {labels[1]} ELSE {labels[0]} END", "text"
    cases = " ".join(f"WHEN {item} THEN {label}" for item, label in zip(items, labels, strict=True))
    return f"CASE GREATEST({', '.join(items)}) {cases} END", "text"
