"""Scans over features with categories, which a store numbers as it is filled; else they are read before."""

import re
from collections.abc import Sequence

from madpy.errors import SqlError
from madpy.helper.checks.arguments import quoted
from madpy.helper.checks.reasons import with_feature_names
from madpy.helper.features.categories import MAX_LEVELS, coded, in_order, too_many_levels
from madpy.helper.features.design import BOOLEANS, Category, Design, list_columns
from madpy.helper.features.terms import MAX_LEVELS as MAX_INDICATORS
from madpy.helper.features.terms import Terms, check_terms, checked_levels, terms_of, with_offset
from madpy.ports.postgres.scan.scan import Rows, Scan
from madpy.records import replace

TOO_MANY = re.compile(r"column (\d+) has more than \d+ distinct values")  # message of a store


def scan_features(rows: Rows, listed: Design, passes: int) -> tuple[Scan, Design]:
    """Return a scan of `rows` over the features of `list_features`, and these features with their levels.

    A filled store takes the order of each category's values; for the other feed the levels of each
    category are read first, and its values are looked up in each pass.
    """
    if listed.is_vector:
        return Scan(rows, passes), listed
    try:
        scan = Scan(replace(_as_stored(rows, listed), max_levels=MAX_LEVELS), passes)
    except SqlError as error:
        if many := TOO_MANY.fullmatch(error.message):
            column = quoted(listed.names[int(many[1]) - 1])
            raise too_many_levels(f"features: {column}", MAX_LEVELS) from None
        raise
    if scan.store is not None:
        levels = [_ordered(scan, n, listed) for n in range(len(listed.features))]
        return scan, listed.with_levels(levels)
    if not any(listed.categories):
        return scan, listed
    design = coded(rows.source, listed)
    return Scan(replace(rows, features=design.items), passes, may_store=False), design


def store_features(rows: Rows, listed: Design, more: Sequence[str] = ()) -> tuple[Scan, Design]:
    """Return a scan whose store holds the features of `list_features`, and the features with their levels.

    `more` is SQL of numbers that follow the features.  Raises an error where a store cannot hold them.
    """
    if listed.is_vector:
        stored = replace(rows, features=[*listed.items, *more], is_vector=False)
    else:
        stored = _as_stored(rows, listed, behind=more)
    scan = Scan(stored, passes=2, must_store=True)
    return scan, listed.with_levels([_ordered(scan, n, listed) for n in range(len(listed.features))])


def scan_terms(
    rows: Rows,
    text: str | None,
    passes: int,
    conditions: Sequence[str] = (),
    what: str = "features",
    offset: str | None = None,
) -> tuple[Scan, Terms]:
    """Return a scan of `rows` over the terms that `text` asks for (see `check_terms`), and the terms.

    `offset` is SQL of a number, which is the last feature of passes.
    A store keeps a code of each text value, from which kernels make the indicators of its levels; for the
    other feed the levels are read first, and SQL computes each indicator.
    """
    listed = list_columns(rows.source, text, what)
    if not any(listed.categories):
        terms = terms_of(listed)
        return _scan(_with_terms(rows, terms, offset), passes, terms), terms
    behind = [] if offset is None else [offset]
    first = 1 if listed.is_list else 0  # the intercept
    scan = Scan(_as_stored(rows, listed, ["1::double precision"] * first, behind), passes)
    if scan.store is None:
        terms = check_terms(rows.source, text, what, conditions=conditions)
        return _scan(_with_terms(rows, terms, offset), passes, terms, may_store=False), terms
    levels = [
        None if category is None else _indicated(scan, first + n, category, listed.names[n], what)
        for n, category in enumerate(listed.categories)
    ]
    terms = terms_of(listed.with_levels(levels))
    try:
        counts = [-1 if known is None else len(known) - 1 for known in levels]
        scan.indicate([-1] * first + counts + [-1] * len(behind))
    except SqlError as error:
        raise with_feature_names(error, terms) from None
    return scan, terms


def _with_terms(rows: Rows, terms: Terms, offset: str | None) -> Rows:
    """Return `rows` with terms as features, followed by an offset."""
    features = terms.items
    if offset is not None and terms.is_vector:
        features = [with_offset(features[0], offset)]
    elif offset is not None:
        features = [*features, offset]
    return replace(rows, features=features, is_vector=terms.is_vector)


def _as_stored(rows: Rows, listed: Design, before: Sequence[str] = (), behind: Sequence[str] = ()) -> Rows:
    """Return `rows` with the values of categories for a store to number; a boolean is a number, 0 or 1."""
    numbered = [category and category.sql_type != "boolean" for category in listed.categories]
    items = [
        category.stored if category and is_numbered else item
        for item, category, is_numbered in zip(listed.items, listed.categories, numbered, strict=True)
    ]
    places = [len(before) + n for n, is_numbered in enumerate(numbered, 1) if is_numbered]
    return replace(rows, features=[*before, *items, *behind], categories=places)


def _scan(rows: Rows, passes: int, terms: Terms, *, may_store: bool = True) -> Scan:
    try:
        return Scan(rows, passes, may_store=may_store)
    except SqlError as error:
        raise with_feature_names(error, terms) from None


def _indicated(scan: Scan, n: int, category: Category, column: str, what: str) -> list[str]:
    """Return the levels of a text column in the rows used, in order; a store has NULL for other values."""
    values = scan.levels(n, complete=True)
    there = [value for value in values if value is not None]
    if len(there) <= MAX_INDICATORS:
        there = in_order(scan.rows.source, category, there)
    levels = checked_levels(column, there, what)
    codes = {level: code for code, level in enumerate(levels)}
    scan.order(n, [-1 if value is None else codes[value] for value in values])
    return levels


def _ordered(scan: Scan, n: int, listed: Design) -> list[str] | None:
    """Return the levels of a feature in the order of its type, and give the store's codes that order."""
    category = listed.categories[n]
    if category is None:
        return None
    if category.sql_type == "boolean":
        return BOOLEANS
    values = [str(value) for value in scan.levels(n)]
    levels = in_order(scan.rows.source, category, values)
    codes = {level: code for code, level in enumerate(levels)}
    scan.order(n, [codes[value] for value in values])
    return levels
