"""Categories as codes, as SQL over a source: a code is a value's place among the levels of its feature."""

import re
from collections.abc import Sequence

from madpy.errors import MadpyError, SqlError
from madpy.helper.checks.arguments import quoted
from madpy.helper.checks.expressions import SHOWN, check_expressions, check_no_domain
from madpy.helper.features.design import (
    ALLOWED,
    WITH_TIMES,
    Category,
    Design,
    category_item,
    category_of,
    list_features,
    vector_item,
)
from madpy.helper.features.levels import category_levels, in_order
from madpy.helper.features.terms import check_same_order, checked_number, checked_vector
from madpy.ports.postgres.scan.source import Source
from madpy.ports.postgres.session.db import Database
from madpy.ports.postgres.session.keys import packed_keys
from madpy.ports.postgres.session.sql import fill
from madpy.ports.postgres.session.types import DURATIONS, INTEGERS, TEXTS, TIMES, text_item
from madpy.records import replace

INTEGER = re.compile(r"-?[0-9]{1,18}")


def check_features(
    source: Source,
    text: str | None,
    categorical_cols: str | None = None,
    what: str = "features",
    conditions: Sequence[str] = (),
) -> Design:
    """Return the features in `text` as numbers and codes, with the levels that the source has.

    Levels are those of the rows for which the `conditions`, SQL, are true.
    """
    return coded(source, list_features(source, text, categorical_cols, what), what, conditions)


def coded(source: Source, listed: Design, what: str = "features", conditions: Sequence[str] = ()) -> Design:
    """Return a design of `list_features` with levels read from the source, and codes as `items`."""
    if listed.is_vector:
        return listed
    levels = category_levels(source, listed, what, conditions)
    items = [
        item if category is None else own_code_item(source.db, category.item, category.sql_type, known or [])
        for item, category, known in zip(listed.items, listed.categories, levels, strict=True)
    ]
    return replace(listed.with_levels(levels), items=items)


def features_of(source: Source, model: Design, text: str | None) -> str:
    """Return SQL of the features of a model, over another source, as one double precision[].

    Only names and levels are taken from the model, never SQL; `text` has the features if the caller wrote
    them, which is needed for expressions.
    """
    given = _given(source, model, text, ALLOWED)
    return given if isinstance(given, str) else _array(source.db, model, *given)


def row_of(source: Source, model: Design, text: str | None) -> str:
    """Return SQL of the features of a model, over another source, as a row of numbers and texts.

    An array column stays an array.  `text` is that of `features_of`.
    """
    given = _given(source, model, text, WITH_TIMES)
    if isinstance(given, str):
        return given
    values = (
        (item if sql_type in TIMES | DURATIONS else checked_number(feature.name, item, sql_type))
        if feature.levels is None
        else category_of(item, sql_type).text
        for item, sql_type, feature in zip(*given, model.features, strict=True)
    )
    return f"ROW({', '.join(values)})"


def _given(
    source: Source, model: Design, text: str | None, allowed: str
) -> str | tuple[list[str], list[str]]:
    """Return SQL of each feature and its type; of an array column SQL of the array."""
    if text is not None:
        return _written(source, model, text, allowed)
    columns = source.base_types
    for feature in model.features:
        if feature.column is None:
            raise MadpyError(
                f"the model has an expression among its features: {feature.name}",
                hint="give them again, in the order of the model's feature_names: features => '...'",
            )
        if feature.column not in columns:
            raise MadpyError(
                f"column {quoted(feature.column)} of table {quoted(source.name)} does not exist",
                sqlstate="42703",
                hint="add the column: the model was trained on it",
            )
    names = [str(feature.column) for feature in model.features]
    if model.is_vector:
        return vector_item(checked_vector(names[0], columns[names[0]]), len(names))
    return [fill("{c:i}", {"c": name}) for name in names], [columns[name] for name in names]


def _written(source: Source, model: Design, text: str, allowed: str) -> str | tuple[list[str], list[str]]:
    expressions = check_expressions(source, text, "features", allowed)
    if expressions.is_vector and expressions.kinds[0] == "number":
        return vector_item(f"{expressions.items[0]}::double precision[]", len(model.features))
    if len(expressions.items) != len(model.features):
        raise MadpyError(
            f"{len(expressions.items)} features do not fit the {len(model.features)} of the model",
            hint=f"give them in the order of training: {', '.join(model.names[:SHOWN])}",
        )
    check_same_order(expressions.names, model.names)
    return expressions.items, expressions.types


def _array(db: Database, model: Design, items: list[str], types: list[str]) -> str:
    coded = (
        checked_number(feature.name, item, sql_type)
        if feature.levels is None
        else code_item(db, category_item(item, sql_type), sql_type, feature.levels)
        for item, sql_type, feature in zip(items, types, model.features, strict=True)
    )
    return f"ARRAY[{', '.join(coded)}]"


def code_item(db: Database, item: str, sql_type: str, levels: list[str]) -> str:
    """Return SQL of the code of a value, double precision: its position in levels; NULL if not among them."""
    if sql_type in INTEGERS and levels and all(INTEGER.fullmatch(level) for level in levels):
        return fill(
            "{schema:i}.__level_code({item:q}::bigint, {levels:l}::bigint[])",
            {"schema": db.schema, "item": item, "levels": list(map(int, levels))},
        )
    return fill(
        "{schema:i}.__level_code({text:q}, {levels:l}::text[])",
        {"schema": db.schema, "text": text_item(item, sql_type), "levels": levels},
    )


def own_code_item(db: Database, item: str, sql_type: str, levels: list[str]) -> str:
    """Return SQL of the code of an expression whose levels are its own values, which its type can read.

    Another server can be asked for it: postgres_fdw sends no cast to text of what is not a text column.
    """
    if sql_type in (*INTEGERS, *TEXTS):
        return code_item(db, item, sql_type, levels)
    return fill(
        "{schema:i}.__key_number({keys:l}, {item:q})::double precision",
        {"schema": db.schema, "item": item, "keys": packed_keys([[level] for level in levels], [])},
    )


def check_order(source: Source, category: Category, what: str) -> None:
    """Raise an error unless values can be compared and sorted, before they are read."""
    check_no_domain(source.db, what, category.sql_type)
    try:
        in_order(source, category, [])
    except SqlError as error:
        if error.sqlstate != "42883":
            raise
        message = f"{what} is of type {category.sql_type}, whose values have no order"
        raise MadpyError(
            message, sqlstate="42804", hint="cast it to text, or choose another expression"
        ) from None
