"""Features for methods that take categories as they are: each a number or a code, as SQL over a source.

Unlike in a design of `terms`, a text column is one feature here: a value is coded by its place among levels.
"""

import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from types import NoneType
from typing import Any

from madpy.errors import MadpyError, SqlError
from madpy.helper.checks.arguments import quoted
from madpy.helper.checks.expressions import (
    SHOWN,
    Expressions,
    check_columns,
    check_expressions,
    check_no_domain,
    check_once,
)
from madpy.helper.features.collations import told_apart
from madpy.helper.features.terms import check_same_order, checked_number, checked_vector, number_item
from madpy.ports.postgres.scan.source import Source
from madpy.ports.postgres.session.db import Database, fill
from madpy.ports.postgres.session.keys import packed_keys
from madpy.ports.postgres.session.types import INTEGERS, TEXTS, text_item, values_item

MAX_LEVELS = 100_000
TARGET = "the target"
BOOLEANS = ["false", "true"]
INTEGER = re.compile(r"-?[0-9]{1,18}")


@dataclass(frozen=True)
class Feature:
    """`column` is None for an expression; `levels` are the values of a category, None for a number."""

    name: str
    column: str | None
    levels: list[str] | None


@dataclass(frozen=True)
class Category:
    """A category whose values have not been read: SQL `item`, equal values of which have one text only."""

    item: str
    sql_type: str

    @property
    def key(self) -> str:
        """Return SQL of the category as a boolean, bigint or text."""
        if self.sql_type == "boolean":
            return f"{self.item}::boolean"  # of a domain the type under it
        return f"{self.item}::bigint" if self.sql_type in INTEGERS else text_item(self.item, self.sql_type)

    @property
    def stored(self) -> str:
        """SQL of what a store numbers: values of its own type, of texts without what pads them."""
        return text_item(self.item, self.sql_type) if self.sql_type in TEXTS else self.item


@dataclass(frozen=True)
class Features:
    """The features of a training; `items` is the SQL of each: double precision, of a category its code.

    `is_vector`: one array column, `items` is its SQL, double precision[], and the features are its elements.
    """

    features: list[Feature]
    items: list[str]
    is_vector: bool = False

    @property
    def names(self) -> list[str]:
        return [feature.name for feature in self.features]

    def as_json(self) -> list[dict[str, Any]]:
        """Return the features as they are kept with a model, to apply it to another table."""
        return [asdict(feature) for feature in self.features]


def check_features(
    source: Source,
    text: str | None,
    categorical_cols: str | None = None,
    what: str = "features",
    conditions: Sequence[str] = (),
) -> Features:
    """Read the features in `text`; text, boolean, enum and those in `categorical_cols` are categories.

    Their levels are those of the rows for which the `conditions`, SQL, are true.
    """
    found, categories = list_features(source, text, categorical_cols, what)
    return coded(source, found, categories, what, conditions)


def coded(
    source: Source,
    found: Features,
    categories: list[Category | None],
    what: str = "features",
    conditions: Sequence[str] = (),
) -> Features:
    """Returns what `list_features` gave with the levels that the source has; `items` are codes then."""
    if found.is_vector:
        return found
    levels = [
        feature.levels
        if category is None or feature.levels is BOOLEANS
        else levels_of(source, category, f"{what}: {quoted(feature.name)}", MAX_LEVELS, conditions)
        for feature, category in zip(found.features, categories, strict=True)
    ]
    items = [
        item if category is None else own_code_item(source.db, category.item, category.sql_type, known or [])
        for item, category, known in zip(found.items, categories, levels, strict=True)
    ]
    return Features(with_levels(found.features, levels), items)


def list_features(
    source: Source,
    text: str | None,
    categorical_cols: str | None = None,
    what: str = "features",
) -> tuple[Features, list[Category | None]]:
    """Return features without reading the source: `levels` are empty, items of categories are their keys."""
    found = check_expressions(source, text, what, allowed="number, boolean or text")
    if found.is_vector:
        return _elements(source, found, what), []
    check_once(found.names, what)
    forced = check_columns(source, categorical_cols, "categorical_cols")
    features: list[Feature] = []
    items: list[str] = []
    categories: list[Category | None] = []
    own = told_apart(source, found.items, found.types)
    for n, (name, kind, sql_type) in enumerate(zip(found.names, found.kinds, found.types, strict=True)):
        item = own[n]
        column = name if found.items[n] == fill("{name:i}", {"name": name}) else None
        is_category = kind in ("boolean", "text") or name in forced
        category = Category(category_item(item, sql_type), sql_type) if is_category else None
        levels: list[str] | None = BOOLEANS if kind == "boolean" else [] if is_category else None
        features.append(Feature(name, column, levels))
        items.append(category.key if category else number_item(item, kind))
        categories.append(category)
    if unknown := [name for name in forced if name not in found.names]:
        message = f"categorical_cols: {quoted(unknown[0])} is not among the features"
        raise MadpyError(message, hint=f"these are: {', '.join(found.names)}")
    return Features(features, items), categories


def with_levels(features: list[Feature], levels: Sequence[list[str] | None]) -> list[Feature]:
    """Return the features with levels that a scan has found."""
    return [replace(feature, levels=known) for feature, known in zip(features, levels, strict=True)]


def read_features(kept: Any, is_vector: bool) -> Features:
    """Read features that `as_json` wrote, without items; check them, as anybody may have made the model."""
    try:
        features = [Feature(**feature) for feature in kept]
        whole = bool(features) and all(
            isinstance(feature.name, str)
            and isinstance(feature.column, str | NoneType)
            and (feature.levels is None or all(isinstance(level, str) for level in feature.levels))
            for feature in features
        )
    except TypeError:
        whole = False
    if not whole or not isinstance(is_vector, bool):
        message = "what the model's features are made of cannot be read"
        raise MadpyError(message, sqlstate="22P02", hint="train the model again")
    return Features(features, [], is_vector)


def features_of(source: Source, model: Features, text: str | None) -> str:
    """Return SQL of the features of a model, over another source, as one double precision[].

    By the names and levels that the model has, never by SQL that it has; `text` are the features where the
    caller wrote them, which expressions need.
    """
    if text is not None:
        return _given(source, model, text)
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
        return _vector(checked_vector(names[0], columns[names[0]]), len(names))
    items = [fill("{c:i}", {"c": name}) for name in names]
    return _array(source.db, model, items, [columns[name] for name in names])


def _given(source: Source, model: Features, text: str) -> str:
    found = check_expressions(source, text, "features", allowed="number, boolean or text")
    if found.is_vector and found.kinds[0] == "number":
        return _vector(f"{found.items[0]}::double precision[]", len(model.features))
    if len(found.items) != len(model.features):
        raise MadpyError(
            f"{len(found.items)} features do not fit the {len(model.features)} of the model",
            hint=f"give them in the order of training: {', '.join(model.names[:SHOWN])}",
        )
    check_same_order(found.names, model.names)
    return _array(source.db, model, found.items, found.types)


def _array(db: Database, model: Features, items: list[str], types: list[str]) -> str:
    coded = (
        checked_number(feature.name, item, sql_type)
        if feature.levels is None
        else code_item(db, category_item(item, sql_type), sql_type, feature.levels)
        for item, sql_type, feature in zip(items, types, model.features, strict=True)
    )
    return f"ARRAY[{', '.join(coded)}]"


def code_item(db: Database, item: str, sql_type: str, levels: list[str]) -> str:
    """Return SQL of the place of a value among levels, as double precision; NULL if it is not among them."""
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
    """Return SQL of the code of an expression among levels that are its own values, which its type can read.

    Another server can be asked for it: postgres_fdw sends no cast to text of what is not a text column.
    """
    if sql_type in (*INTEGERS, *TEXTS):
        return code_item(db, item, sql_type, levels)
    return fill(
        "{schema:i}.__key_number({keys:l}, {item:q})::double precision",
        {"schema": db.schema, "item": item, "keys": packed_keys([[level] for level in levels], [])},
    )


def category_item(item: str, sql_type: str) -> str:
    """Return SQL whose equal values have the same text: 1.0 and 1.00 are one category, 0 and -0 too."""
    match sql_type:
        case "numeric":
            return f"pg_catalog.trim_scale({item})"
        case "real" | "double precision":
            return f"({item} OPERATOR(pg_catalog.+) 0::{sql_type})"
    return item


def in_order(source: Source, category: Category, values: list[str]) -> list[str]:
    """Sort values of a category, given as text, in its type's order and collation."""
    sql_type = "text" if category.sql_type in (*TEXTS, "record") else category.sql_type
    item = category.item if sql_type == category.sql_type else f"({category.item})::text"
    rows = source.db.execute(
        """
        SELECT v.level
        FROM (SELECT {texts:q} AS level, {values:q} AS value) AS v
             LEFT JOIN (SELECT {item:q} AS value FROM {part:q} LIMIT 0) AS s ON true
        ORDER BY COALESCE(s.value, v.value)
        """,
        texts=values_item(values, "text"),
        values=values_item(values, sql_type),
        item=item,
        part=source.one_part,
    )
    return [row["level"] for row in rows]


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


def levels_of(
    source: Source, category: Category, what: str, most: int, conditions: Sequence[str] = ()
) -> list[str]:
    """Read the distinct values of a category as text, in its type's order, without NULL; at most `most`."""
    rows = source.db.execute(
        """
        SELECT {text:q} AS level
        FROM ({values:q}) AS v WHERE value IS DISTINCT FROM NULL ORDER BY value
        """,
        text=text_item("value", category.sql_type),
        values=source.distinct_values(category.item, most + 2, conditions),
    )
    if len(rows) > most:
        raise too_many_levels(what, most)
    return [row["level"] for row in rows]


def too_many_levels(what: str, most: int) -> MadpyError:
    """Return the error for a category, or the target, with more distinct values than `most`."""
    hint = "group them first, or leave it out: it may be a name or a key"
    if what == TARGET:
        hint = "group them first"
    return MadpyError(f"{what} has more than {most} distinct values", sqlstate="54000", hint=hint)


def _elements(source: Source, found: Expressions, what: str) -> Features:
    """Return the features of an array column: as many as the first array has elements."""
    item, name = found.items[0], found.names[0]
    if found.kinds[0] != "number":
        message = f"{what}: {quoted(name)} is an array of {found.types[0]}, numbers are needed"
        raise MadpyError(message, sqlstate="42804")
    count = source.first_length(item)
    column = name if item == fill("{name:i}", {"name": name}) else None
    features = [Feature(f"{name}[{i + 1}]", column, None) for i in range(count)]
    return Features(features, [_vector(f"{item}::double precision[]", count)], is_vector=True)


def _vector(item: str, count: int) -> str:
    """Return SQL of an array of `count` features, all NULL where it is NULL.

    Another server can be asked for it: postgres_fdw sends no coalesce.
    """
    if not count:
        return item
    return fill(
        "CASE WHEN {item:q} IS NULL THEN {nulls:l}::double precision[] ELSE {item:q} END",
        {"item": item, "nulls": [None] * count},
    )
