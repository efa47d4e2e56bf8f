"""Features for methods that take categories as they are: each a number or a code, as SQL over a source.

Unlike in a design of `terms`, a text column is one feature here: a value is coded by its place among levels.
"""

from dataclasses import asdict, dataclass
from typing import Any

from madpy.errors import MadpyError
from madpy.helper.arguments import quoted
from madpy.helper.expressions import Expressions, check_columns, check_expressions
from madpy.helper.terms import number_item
from madpy.ports.postgres.db import Database, Relation, fill

MAX_LEVELS = 100_000
BOOLEANS = ["false", "true"]


@dataclass(frozen=True)
class Feature:
    """`column` is None for an expression; `levels` are the values of a category, None for a number."""

    name: str
    column: str | None
    levels: list[str] | None


@dataclass(frozen=True)
class Features:
    """What was asked for, and `items`, the SQL of each: double precision, the code of a category from 0.

    `is_vector`: one array column, `items` is its SQL, double precision[], and the features are its elements.
    """

    features: list[Feature]
    items: list[str]
    is_vector: bool = False

    @property
    def names(self) -> list[str]:
        return [feature.name for feature in self.features]

    def as_json(self) -> list[dict[str, Any]]:
        """What is kept with a model, so that it can be applied to another table."""
        return [asdict(feature) for feature in self.features]


def check_features(
    db: Database,
    source: Relation,
    text: str | None,
    categorical_cols: str | None = None,
    what: str = "features",
) -> Features:
    """The features in `text`; text, boolean, enum and what `categorical_cols` names are categories."""
    found = check_expressions(db, source, text, what, allowed="number, boolean or text")
    if found.is_vector:
        return _elements(db, source, found, what)
    forced = check_columns(db, source, categorical_cols, "categorical_cols")
    features: list[Feature] = []
    items: list[str] = []
    for item, name, kind, sql_type in zip(found.items, found.names, found.kinds, found.types, strict=True):
        column = name if item == fill("{name:i}", {"name": name}) else None
        levels = None
        if kind == "boolean":
            levels = BOOLEANS
        elif kind == "text" or name in forced:
            item = category_item(item, sql_type)
            levels = levels_of(db, source, item, f"{what}: {quoted(name)}", MAX_LEVELS)
        features.append(Feature(name, column, levels))
        items.append(number_item(item, kind) if levels is None else code_item(db, item, levels))
    if unknown := [name for name in forced if name not in found.names]:
        message = f"categorical_cols: {quoted(unknown[0])} is not among the features"
        raise MadpyError(message, hint=f"these are: {', '.join(found.names)}")
    return Features(features, items)


def code_item(db: Database, item: str, levels: list[str]) -> str:
    """SQL of the place of a value among levels, as double precision; NULL where it is not among them."""
    return fill(
        "{schema:i}.__level_code({item:q}::text, {levels:l}::text[])",
        {"schema": db.schema, "item": item, "levels": levels},
    )


def category_item(item: str, sql_type: str) -> str:
    """An expression whose equal values have one text only: 1.0 and 1.00 are one category."""
    return f"pg_catalog.trim_scale({item})" if sql_type == "numeric" else item


def levels_of(db: Database, source: Relation, item: str, what: str, most: int) -> list[str]:
    """The distinct values of an expression as text, in its type's order, without NULL; at most `most`."""
    rows = db.execute(
        """
        SELECT value::text AS level
        FROM (SELECT {item:q} AS value FROM {source:i} GROUP BY 1 LIMIT {limit:l}) AS v
        WHERE value IS NOT NULL ORDER BY value
        """,
        item=item,
        source=source,
        limit=most + 2,
    )
    if len(rows) > most:
        raise MadpyError(
            f"{what} has more than {most} distinct values",
            sqlstate="54000",
            hint="group them first, or leave it out: it may be a name or a key",
        )
    return [row["level"] for row in rows]


def _elements(db: Database, source: Relation, found: Expressions, what: str) -> Features:
    """An array column: as many features as the first array has elements."""
    item, name = found.items[0], found.names[0]
    if found.kinds[0] != "number":
        message = f"{what}: {quoted(name)} is an array of {found.types[0]}, numbers are needed"
        raise MadpyError(message, sqlstate="42804")
    lengths = db.execute(
        """
        SELECT pg_catalog.cardinality({item:q}) AS length FROM {source:i} WHERE {item:q} IS NOT NULL LIMIT 1
        """,
        item=item,
        source=source,
    )
    count = lengths[0]["length"] if lengths else 0
    column = name if item == fill("{name:i}", {"name": name}) else None
    features = [Feature(f"{name}[{i + 1}]", column, None) for i in range(count)]
    return Features(features, [f"{item}::double precision[]"], is_vector=True)
