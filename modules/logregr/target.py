"""The target of a logistic regression: 0 or 1 as SQL, and what its two values are."""

from madpy.errors import MadpyError
from madpy.helper import helper
from madpy.helper.features.classes import Classes, class_category, classes_of
from madpy.helper.features.design import BOOLEANS, number_item
from madpy.helper.features.levels import TARGET, levels_of
from madpy.helper.features.terms import has_features, has_weight
from madpy.ports.postgres.scan.source import Source
from madpy.ports.postgres.session.sql import fill
from madpy.ports.postgres.session.types import NUMBERS
from madpy.records import Record

# Types whose values may be written down and cast back; the labels of any other target stay text.
LABEL_TYPES = {*NUMBERS, "boolean", "text"}

PEEK = 1000  # rows
TOO_MANY = "54000"  # SQLSTATE of more distinct values than are allowed


class Target(Record):
    """A target with two classes; `item` is SQL: 1 for the positive class, the second of `labels`, else 0."""

    item: str
    labels: list[str]
    sql_type: str  # type of the target
    assumed: bool = False  # whether a number is taken to be 0 or 1 in every row, to be checked later


def check_target(
    source: Source, text: str | None, features: str | None, weights: str | None = None, *, look: bool = False
) -> Target:
    """Check a boolean or an expression with two values: positive is true, or the later one in its order.

    Values count of the rows that training uses: no feature is NULL, and the weight, SQL, is not zero.
    Two facts are not checked here but in the first pass, which saves a read of the table: that a boolean has
    both values, and, without `look`, that a number which is 0 or 1 in some rows is 0 or 1 in all.
    """
    expressions = helper.check_expression(source, text, "target", "any")
    item, kind, sql_type = expressions.items[0], expressions.kinds[0], expressions.types[0]
    if kind == "boolean":
        return Target(number_item(item, kind), BOOLEANS, sql_type)
    if kind == "number" and not look and _is_binary_at_first(source, item):
        return Target(number_item(item, kind), ["0", "1"], sql_type, assumed=True)
    classes = _two_classes(source, text, features, weights)
    negative, positive = classes.labels
    if kind == "number" and "NaN" in classes.labels:
        raise MadpyError(
            "the target is NaN in some row",
            sqlstate="22003",
            hint="leave such rows out, or turn the value into NULL: rows with a NULL are skipped",
        )
    if kind == "number" and (negative, positive) == ("0", "1"):
        return Target(number_item(item, kind), classes.labels, sql_type)
    if kind == "number":
        return Target(_coded(item, negative, positive, sql_type), classes.labels, sql_type)
    return Target(classes.item, classes.labels, sql_type)


def _two_classes(source: Source, text: str | None, features: str | None, weights: str | None) -> Classes:
    """Return the classes of the rows that are used; of all rows if none is, which a later check reports."""
    category = class_category(source, text)
    weighted = has_weight(weights)
    used = [*weighted, *has_features(source, features)]
    try:
        labels = levels_of(source, category, TARGET, 2, used)
        labels = labels or levels_of(source, category, TARGET, 2, weighted)
    except MadpyError as error:
        if error.sqlstate == TOO_MANY:
            error.hint = "Write a condition that is true or false, as in size > 10."
        raise
    return classes_of(source, category, labels, is_weighted=weights is not None)


def _coded(item: str, negative: str, positive: str, sql_type: str) -> str:
    """Return SQL of 0 and 1; a value that came into the table since the two were read becomes NULL."""
    whens = " ".join(
        fill(
            "WHEN {item:q} OPERATOR(pg_catalog.=) {label:l}::{type:q} THEN {code:l}::double precision",
            {"item": item, "label": label, "type": sql_type, "code": code},
        )
        for code, label in enumerate((negative, positive))
    )
    return f"(CASE {whens} END)"


def _is_binary_at_first(source: Source, item: str) -> bool:
    rows = source.db.execute(
        """
        SELECT DISTINCT v.value::text AS target FROM ({values:q}) AS v
        """,
        values=source.first_values(item, PEEK),
    )
    seen = {row["target"] for row in rows} - {None}
    return bool(seen) and seen <= {"0", "1"}


def label_item(label: str, sql_type: str) -> str:
    """Return SQL of a label read from a model, in the target's type if that is a plain one, else as text.

    Only types of the list above are used, so that no text from a table becomes SQL.
    """
    plain = sql_type if sql_type in LABEL_TYPES else "text"
    return fill("{label:l}::{type:q}", {"label": label, "type": plain})
