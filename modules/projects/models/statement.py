"""Models as functions in SQL that need nothing of this library: statements that create them."""

from collections.abc import Sequence

from madpy.errors import MadpyError
from madpy.modules.projects.models.fitted import Fitted
from madpy.modules.projects.models.layout import KIND_LINEAR, KIND_TREES
from madpy.modules.projects.models.links import mean_of
from madpy.modules.projects.models.prepared import Input, columns_of, inputs_of
from madpy.modules.projects.models.sums import Scores, linear, trees
from madpy.ports.postgres.session.sql import fill, identifier, literal
from madpy.records import Record

MOST_ARGUMENTS = 100  # parameters of a function in PostgreSQL
MOST_CELLS = 200_000  # levels of categories times their columns
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


class Parameter(Record):
    """A grouping column, which is a parameter before those of the features."""

    name: str
    sql_type: str


class Case(Record):
    """A model, and the group that it is for, as texts of the grouping columns.

    With `is_exact` it is a table of coefficients, for which infinite numbers are not missing; with `link`
    one of glm_train, whose predictions are means.
    """

    fitted: Fitted
    key: Sequence[str | None] = ()
    is_exact: bool = False
    link: str | None = None


def statement(cases: Sequence[Case], groups: Sequence[Parameter], name: str, comment: str) -> str:
    """Return CREATE FUNCTION for linear models or trees of equal inputs, one for each group.

    The function is one expression, with the bits of the scorer in C; sums of a table of coefficients are
    equal to its compensated sums up to rounding.
    """
    first = cases[0].fitted
    parameters, items, conditions = _parameters(first, groups)
    values = []
    for case in cases:
        value, returned = _one(case, items, conditions)
        wanted = [
            f"${n} IS NULL" if text is None else f"${n} = {literal(text)}::{group.sql_type}"
            for n, (group, text) in enumerate(zip(groups, case.key, strict=True), 1)
        ]
        values.append(f"WHEN {' AND '.join(wanted)} THEN {value}" if wanted else value)
    whole = f"CASE {' '.join(values)} END" if groups else values[0]
    return fill(
        STATEMENT,
        {
            "name": name, "parameters": ", ".join(parameters), "returned": returned,
            "body": _body(whole), "comment": comment,
        },
    )  # fmt: skip


def _one(case: Case, items: Sequence[str], conditions: Sequence[str]) -> tuple[str, str]:
    """Return SQL of the prediction of a model, and its type."""
    fitted = case.fitted
    is_known = fitted.kind in KINDS and fitted.task in ("regression", "classification")
    if not is_known or (fitted.kind == KIND_LINEAR and fitted.takes_nan):
        raise MadpyError(
            "this model cannot be written in SQL",
            sqlstate="0A000",
            hint="choose a linear algorithm, trees, a forest or boosting",
        )
    inputs = inputs_of(fitted)
    cells = sum(len(one.levels) * len(one.may_be_missing()) for one in inputs)
    if cells > MOST_CELLS:
        raise MadpyError(
            f"the categories of the model have {cells:,} numbers for their levels, more than {MOST_CELLS:,}",
            sqlstate="54000",
            hint="train on categories of fewer levels",
        )
    missing = [column for one in inputs for column in one.may_be_missing()]
    scores = KINDS[fitted.kind](fitted, columns_of(inputs, items), missing)
    if case.link is not None:
        value, returned = mean_of(case.link, f"({scores.items[0]})"), "double precision"
    elif case.is_exact and fitted.classes:
        value, returned = _label(fitted, f"({scores.items[0]})"), "text"
    else:
        value, returned = _value(fitted, scores)
    needed = [
        one.condition(item)
        for one, item in zip(inputs, items, strict=True)
        if not case.is_exact and one.is_needed(fitted.takes_nan)
    ]
    if needed or conditions:
        value = f"CASE WHEN {' AND '.join([*conditions, *needed])} THEN {value} END"
    return value, returned


def _body(value: str) -> str:
    tag = "$madpy$"
    while tag in value:
        tag = f"{tag[:-1]}_$"
    return fill(INLINED if len(value) <= MOST_INLINED else LONG, {"value": value, "tag": tag})


def _parameters(fitted: Fitted, groups: Sequence[Parameter]) -> tuple[list[str], list[str], list[str]]:
    """Return the parameters, SQL of the inputs over them, and the conditions for a result."""
    inputs: Sequence[Input] = inputs_of(fitted)
    before, count = len(groups), len(inputs)
    names = [*(group.name for group in groups), *fitted.inputs]
    types = [group.sql_type for group in groups]
    is_array = fitted.header.get("is_vector") or len(names) > MOST_ARGUMENTS
    if is_array and (any(one.levels for one in inputs) or before >= MOST_ARGUMENTS):
        raise MadpyError(
            f"the model has {count} features, more than the {MOST_ARGUMENTS} parameters of a function",
            sqlstate="54023",
            hint="train on fewer columns",
        )
    if is_array:
        array = f"${before + 1}"
        items = [f"({array})[{n}]" for n in range(1, count + 1)]
        parameters = [*types, "x double precision[]"]
        return parameters, items, [f"pg_catalog.cardinality({array}) = {count}"]
    types += ["text" if one.levels else "double precision" for one in inputs]
    is_named = len({name.encode()[:63] for name in names}) == len(names) and all(names)
    parameters = [
        f"{identifier(name)} {kind}" if is_named else kind for name, kind in zip(names, types, strict=True)
    ]
    return parameters, [f"${n}" for n in range(before + 1, before + count + 1)], []


def _label(fitted: Fitted, logarithm: str) -> str:
    """Return SQL of a label, given the logarithm of the odds of the second class; NULL for NULL and NaN."""
    negative, positive = map(literal, fitted.classes)
    return f"CASE WHEN {logarithm} <= 0 THEN {negative} WHEN {logarithm} <= 'Infinity' THEN {positive} END"


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
