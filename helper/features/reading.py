"""A scan over features whose categories are codes: numbered as a store is filled, else looked up before."""

from collections.abc import Sequence
from dataclasses import replace

from madpy.errors import SqlError
from madpy.helper.checks.arguments import quoted
from madpy.helper.checks.reasons import with_feature_names
from madpy.helper.features.categories import MAX_LEVELS, coded, in_order, too_many_levels
from madpy.helper.features.design import BOOLEANS, Category, Design, list_columns
from madpy.helper.features.terms import MAX_LEVELS as MAX_INDICATORS
from madpy.helper.features.terms import Terms, check_terms, checked_levels, terms_of
from madpy.ports.postgres.scan.scan import Rows, Scan


def scan_features(rows: Rows, listed: Design, passes: int) -> tuple[Scan, Design]:
    """A scan of `rows` over features that `list_features` gave, and these features with their levels.

    A store is told the order of a category's values when it is full; for any other feed the levels of each
    category are read first, and its values are looked up in each pass.
    """
    if listed.is_vector:
        return Scan(rows, passes), listed
    scan = Scan(_as_stored(rows, listed), passes)
    if scan.store is not None:
        levels = [_ordered(scan, n, listed) for n in range(len(listed.features))]
        return scan, listed.with_levels(levels)
    if not any(listed.categories):
        return scan, listed
    found = coded(rows.source, listed)
    return Scan(replace(rows, features=found.items), passes, may_store=False), found


def scan_terms(
    rows: Rows, text: str | None, passes: int, conditions: Sequence[str] = (), what: str = "features"
) -> tuple[Scan, Terms]:
    """A scan of `rows` over the terms that `text` asks for (see `check_terms`), and the terms.

    A store keeps a code of each text value, and has kernels see indicators of its levels; any other feed
    reads the levels first, and computes each indicator in SQL.
    """
    listed = list_columns(rows.source, text, what)
    if not any(listed.categories):
        terms = terms_of(listed)
        return _scan(replace(rows, features=terms.items, is_vector=terms.is_vector), passes, terms), terms
    first = 1 if listed.is_list else 0  # the intercept
    scan = Scan(_as_stored(rows, listed, ["1::double precision"] * first), passes)
    if scan.store is None:
        terms = check_terms(rows.source, text, what, conditions=conditions)
        return _scan(replace(rows, features=terms.items), passes, terms, may_store=False), terms
    levels = [
        None if category is None else _indicated(scan, first + n, category, listed.names[n], what)
        for n, category in enumerate(listed.categories)
    ]
    terms = terms_of(listed.with_levels(levels))
    try:
        scan.indicate([-1] * first + [-1 if known is None else len(known) - 1 for known in levels])
    except SqlError as error:
        raise with_feature_names(error, terms) from None
    return scan, terms


def _as_stored(rows: Rows, listed: Design, before: Sequence[str] = ()) -> Rows:
    """Rows with categories as they are, for a store to number; a boolean is 0 or 1 without."""
    numbered = [category and category.sql_type != "boolean" for category in listed.categories]
    items = [
        category.stored if category and is_numbered else item
        for item, category, is_numbered in zip(listed.items, listed.categories, numbered, strict=True)
    ]
    places = [len(before) + n for n, is_numbered in enumerate(numbered, 1) if is_numbered]
    return replace(rows, features=[*before, *items], categories=places)


def _scan(rows: Rows, passes: int, terms: Terms, *, may_store: bool = True) -> Scan:
    try:
        return Scan(rows, passes, may_store=may_store)
    except SqlError as error:
        raise with_feature_names(error, terms) from None


def _indicated(scan: Scan, n: int, category: Category, column: str, what: str) -> list[str]:
    """The levels of a text column in the rows that are used, in order; other values become NULL."""
    values = scan.levels(n, complete=True)
    there = [value for value in values if value is not None]
    if len(there) <= MAX_INDICATORS:
        there = in_order(scan.rows.source, category, there)
    levels = checked_levels(column, there, what)
    places = {level: place for place, level in enumerate(levels)}
    scan.order(n, [-1 if value is None else places[value] for value in values])
    return levels


def _ordered(scan: Scan, n: int, listed: Design) -> list[str] | None:
    """The levels of a feature in the order of its type, which the codes of the store follow from here on."""
    category = listed.categories[n]
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
