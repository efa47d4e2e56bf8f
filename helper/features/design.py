"""The features of a model: what a user wrote, as numbers and categories.

A method takes a design's categories as codes (`categories`), or expands it to columns of numbers (`terms`).
"""

from collections.abc import Sequence
from types import NoneType
from typing import Any

from madpy.errors import MadpyError
from madpy.helper.checks.arguments import quoted
from madpy.helper.checks.expressions import Expressions, check_columns, check_expressions, check_once
from madpy.helper.features.collations import with_exact_collations
from madpy.ports.postgres.scan.source import Source
from madpy.ports.postgres.session.sql import fill, identifier
from madpy.ports.postgres.session.types import INTEGERS, TEXTS, text_item
from madpy.records import Record, as_dict, field, replace

ALLOWED = "number, boolean or text"
WITH_TIMES = "number, boolean, text or time"
BOOLEANS = ["false", "true"]


class Feature(Record):
    """A feature; `column` is None for an expression, `levels` are a category's values, None for a number."""

    name: str
    column: str | None
    levels: list[str] | None


class Category(Record):
    """A category whose values have not been read: SQL `item`, equal values of which have one text only."""

    item: str
    sql_type: str

    @property
    def text(self) -> str:
        """Return SQL of the category as text."""
        return text_item(self.item, self.sql_type)

    @property
    def key(self) -> str:
        """Return SQL of the category as a boolean, bigint or text."""
        if self.sql_type == "boolean":
            return f"{self.item}::boolean"  # the cast makes a domain its base type
        return f"{self.item}::bigint" if self.sql_type in INTEGERS else self.text

    @property
    def stored(self) -> str:
        """Return SQL of the value that a store numbers: of its own type, a text without padding."""
        return self.text if self.sql_type in TEXTS else self.item


class Design(Record):
    """The features of a training; `items` is SQL of each: double precision, or a category's key or code.

    With `is_vector` the features are the elements of one array column, and `items` is its SQL, double
    precision[].  With `is_list` they are a list of expressions, which gets an intercept if the method has
    one.  A design that is read from a model has no items and no categories.
    """

    features: list[Feature]
    items: list[str]
    is_vector: bool = False
    categories: list[Category | None] = field(default_factory=list)
    is_list: bool = True

    @property
    def names(self) -> list[str]:
        return [feature.name for feature in self.features]

    @property
    def expressions(self) -> list[str]:
        """Return SQL of each feature as the user wrote it, a category in its own type."""
        return [
            item if category is None else category.item
            for item, category in zip(self.items, self.categories, strict=True)
        ]

    def with_levels(self, levels: Sequence[list[str] | None]) -> "Design":
        """Return the design with these levels of its categories, which have been read since."""
        features = [
            replace(feature, levels=known) for feature, known in zip(self.features, levels, strict=True)
        ]
        return replace(self, features=features)

    def without(self, places: Sequence[int]) -> "Design":
        """Return the design without some of its features, counted from 0."""

        def rest(values: Sequence[Any]) -> list[Any]:
            return [one for n, one in enumerate(values) if n not in places]

        return replace(
            self,
            features=rest(self.features),
            items=rest(self.items),
            categories=rest(self.categories),
        )

    def as_json(self) -> list[dict[str, Any]]:
        """Return the features as they are kept with a model, to apply it to another table."""
        return [as_dict(feature) for feature in self.features]


def list_features(
    source: Source,
    text: str | None,
    categorical_cols: str | None = None,
    what: str = "features",
    *,
    as_numbers: bool = False,
) -> Design:
    """Return the features in `text`; categories are text, boolean, enum and those in `categorical_cols`.

    The source is not read: `levels` are empty, and items of categories are their keys.  With `as_numbers` a
    boolean is a number, and so is a time, whose item stays as it is: a store makes it seconds.
    """
    expressions = check_expressions(source, text, what, allowed=WITH_TIMES if as_numbers else ALLOWED)
    if expressions.is_vector:
        return _elements(source, expressions, what, row_by_row=True)
    check_once(expressions.names, what)
    forced = check_columns(source, categorical_cols, "categorical_cols")
    _check_forced(forced, dict(zip(expressions.names, expressions.types, strict=True)))
    features: list[Feature] = []
    items: list[str] = []
    categories: list[Category | None] = []
    own = with_exact_collations(source, expressions.items, expressions.types)
    for n, (name, kind, sql_type) in enumerate(
        zip(expressions.names, expressions.kinds, expressions.types, strict=True)
    ):
        column = name if expressions.items[n] == identifier(name) else None
        is_category = kind == "text" or (kind == "boolean" and not as_numbers) or name in forced
        category = category_of(own[n], sql_type) if is_category else None
        levels: list[str] | None = None
        if is_category:
            levels = BOOLEANS if kind == "boolean" else []
        features.append(Feature(name, column, levels))
        items.append(category.key if category else own[n] if kind == "time" else number_item(own[n], kind))
        categories.append(category)
    return Design(features, items, categories=categories, is_list=not expressions.is_array)


def _check_forced(forced: Sequence[str], types: dict[str, str]) -> None:
    """Raise an error for a name in categorical_cols that is no feature, or whose values are no categories."""
    for name in forced:
        if name not in types:
            message = f"categorical_cols: {quoted(name)} is not among the features"
            raise MadpyError(message, hint=f"these are: {', '.join(types)}")
        if types[name] == "interval":
            message = (
                f"categorical_cols: {quoted(name)} is an interval, and equal ones may have several texts"
            )
            raise MadpyError(
                message, sqlstate="42804", hint="cast it to text, or leave it out of categorical_cols"
            )


def list_columns(source: Source, text: str | None, what: str = "features") -> Design:
    """Return the features in `text` for a method of terms: its categories are the text columns of a list.

    The source is not read, as by `list_features`.
    """
    expressions = check_expressions(source, text, what, allowed=ALLOWED)
    if expressions.is_vector:
        return _elements(source, expressions, what, row_by_row=False)
    features: list[Feature] = []
    items: list[str] = []
    categories: list[Category | None] = []
    for item, name, kind, sql_type in zip(
        expressions.items, expressions.names, expressions.kinds, expressions.types, strict=True
    ):
        column = name if item == identifier(name) else None
        if kind == "text" and (expressions.is_array or column is None):
            message = f"{what}: {quoted(name)} is text, a number is needed"
            hint = "list text columns by name: they are not encoded in ARRAY[...] or in an expression"
            raise MadpyError(message, sqlstate="42804", hint=hint)
        category = Category(item, sql_type) if kind == "text" else None
        features.append(Feature(name, column, [] if category else None))
        items.append(category.key if category else number_item(item, kind))
        categories.append(category)
    return Design(features, items, categories=categories, is_list=not expressions.is_array)


def read_features(written: Any, is_vector: bool) -> Design:
    """Read features that `as_json` wrote, without items; check them, as any user may have made the model."""
    try:
        features = [Feature(**feature) for feature in written]
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
    return Design(features, [], is_vector)


def number_item(item: str, kind: str) -> str:
    """Return SQL of a number or boolean as double precision."""
    return f"{item}::integer::double precision" if kind == "boolean" else f"{item}::double precision"


def category_of(item: str, sql_type: str) -> Category:
    """Return a category whose texts do not depend on the session's time zone."""
    if sql_type == "timestamp with time zone":
        return Category(f"({item}) AT TIME ZONE 'UTC'", "timestamp without time zone")
    return Category(category_item(item, sql_type), sql_type)


def category_item(item: str, sql_type: str) -> str:
    """Return SQL whose equal values have the same text: 1.0 and 1.00 are one category, 0 and -0 too."""
    match sql_type:
        case "numeric":
            return f"pg_catalog.trim_scale({item})"
        case "real" | "double precision":
            return f"({item} OPERATOR(pg_catalog.+) 0::{sql_type})"
    return item


def _elements(source: Source, expressions: Expressions, what: str, *, row_by_row: bool) -> Design:
    """Return the features of an array column, one for each element of the first array.

    With `row_by_row`, for methods that use rows with NULLs, a NULL array is replaced by an array of NULLs.
    """
    item, name = expressions.items[0], expressions.names[0]
    if expressions.kinds[0] != "number":
        message = f"{what}: {quoted(name)} is an array of {expressions.types[0]}, numbers are needed"
        raise MadpyError(message, sqlstate="42804")
    count = source.first_length(item)
    column = name if item == identifier(name) else None
    features = [Feature(f"{name}[{i + 1}]", column, None) for i in range(count)]
    vector = f"{item}::double precision[]"
    categories: list[Category | None] = [None for _ in features]
    return Design(
        features, [vector_item(vector, count) if row_by_row else vector], True, categories, is_list=False
    )


def vector_item(item: str, count: int) -> str:
    """Return SQL of an array of `count` features, all NULL where it is NULL.

    Another server can be asked for it: postgres_fdw sends no coalesce.
    """
    if not count:
        return item
    return fill(
        "CASE WHEN {item:q} IS NULL THEN {nulls:l}::double precision[] ELSE {item:q} END",
        {"item": item, "nulls": [None] * count},
    )
