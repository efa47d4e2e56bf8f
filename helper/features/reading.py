"""A scan over features whose categories are codes: numbered as a store is filled, else looked up before."""

from collections.abc import Sequence
from dataclasses import replace

from madpy.errors import SqlError
from madpy.helper.checks.arguments import quoted
from madpy.helper.checks.expressions import check_expressions
from madpy.helper.checks.reasons import with_feature_names
from madpy.helper.features.categories import (
    BOOLEANS,
    MAX_LEVELS,
    Category,
    Features,
    coded,
    in_order,
    too_many_levels,
    with_levels,
)
from madpy.helper.features.terms import MAX_LEVELS as TOO_MANY_TERMS
from madpy.helper.features.terms import (
    Terms,
    check_terms,
    checked_levels,
    expanded,
    number_item,
    text_columns,
    vector_terms,
)
from madpy.ports.postgres.scan.scan import Rows, Scan
from madpy.ports.postgres.session.db import identifier
from madpy.ports.postgres.session.types import TEXTS, text_item


def scan_features(
    rows: Rows, listed: Features, categories: list[Category | None], passes: int
) -> tuple[Scan, Features]:
    """A scan of `rows` over features that `list_features` gave, and these features with their levels.

    A store is told the order of a category's values when it is full; for any other feed the levels of each
    category are read first, and its values are looked up in each pass.
    """
    if listed.is_vector:
        return Scan(rows, passes), listed
    numbered = [n for n, category in enumerate(categories) if category and category.sql_type != "boolean"]
    items = [
        category.stored if category and n in numbered else item
        for n, (item, category) in enumerate(zip(listed.items, categories, strict=True))
    ]
    scan = Scan(replace(rows, features=items, categories=[n + 1 for n in numbered]), passes)
    if scan.store is not None:
        levels = [_ordered(scan, n, category, listed) for n, category in enumerate(categories)]
        return scan, replace(listed, features=with_levels(listed.features, levels))
    if not any(categories):
        return scan, listed
    found = coded(rows.source, listed, categories)
    return Scan(replace(rows, features=found.items), passes, may_store=False), found


def scan_terms(
    rows: Rows,
    text: str | None,
    passes: int,
    conditions: Sequence[str] = (),
    what: str = "features",
) -> tuple[Scan, Terms]:
    """A scan of `rows` over the design that `text` asks for (see `check_terms`), and the design.

    A store keeps a code of each text value, and has kernels see indicators of its levels; any other feed
    reads the levels first, and computes each indicator in SQL.
    """
    found = check_expressions(rows.source, text, what, allowed="number, boolean or text")
    if found.is_vector:
        terms = vector_terms(rows.source, found, what)
        return _scan(replace(rows, features=terms.items, is_vector=True), passes, terms), terms
    columns = text_columns(found, what)
    if not any(columns):
        terms = expanded(found, {})
        return _scan(replace(rows, features=terms.items), passes, terms), terms
    first = [] if found.is_array else ["1::double precision"]
    items = [
        text_item(item, sql_type) if sql_type in TEXTS else item if column else number_item(item, kind)
        for item, column, kind, sql_type in zip(found.items, columns, found.kinds, found.types, strict=True)
    ]
    numbered = [len(first) + n for n, column in enumerate(columns) if column]
    stored = replace(rows, features=[*first, *items], categories=[n + 1 for n in numbered])
    scan = Scan(stored, passes)
    if scan.store is None:
        terms = check_terms(rows.source, text, what, conditions=conditions)
        return _scan(replace(rows, features=terms.items), passes, terms, may_store=False), terms
    counts = [-1] * len(stored.features)
    levels: dict[str, list[str]] = {}
    for n in numbered:
        column, sql_type = found.names[n - len(first)], found.types[n - len(first)]
        levels[column] = _indicated(scan, n, Category(identifier(column), sql_type), column, what)
        counts[n] = len(levels[column]) - 1
    terms = expanded(found, levels)
    try:
        scan.indicate(counts)
    except SqlError as error:
        raise with_feature_names(error, terms) from None
    return scan, terms


def _scan(rows: Rows, passes: int, terms: Terms, *, may_store: bool = True) -> Scan:
    try:
        return Scan(rows, passes, may_store=may_store)
    except SqlError as error:
        raise with_feature_names(error, terms) from None


def _indicated(scan: Scan, n: int, category: Category, column: str, what: str) -> list[str]:
    """The levels of a text column in the rows that are used, in order; other values become NULL."""
    values = scan.levels(n, complete=True)
    there = [value for value in values if value is not None]
    if len(there) <= TOO_MANY_TERMS:
        there = in_order(scan.rows.source, category, there)
    levels = checked_levels(column, there, what)
    places = {level: place for place, level in enumerate(levels)}
    scan.order(n, [-1 if value is None else places[value] for value in values])
    return levels


def _ordered(scan: Scan, n: int, category: Category | None, listed: Features) -> list[str] | None:
    """The levels of a feature in the order of its type, which the codes of the store follow from here on."""
    if category is None:
        return None
    if category.sql_type == "boolean":
        return BOOLEANS
    values = [str(value) for value in scan.levels(n)]
    if len(values) > MAX_LEVELS:
        raise too_many_levels(f"features: {quoted(listed.names[n])}", MAX_LEVELS)
    levels = in_order(scan.rows.source, category, values)
    places = {level: place for place, level in enumerate(levels)}
    scan.order(n, [places[value] for value in values])
    return levels
