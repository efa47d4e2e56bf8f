"""Scans over features with categories, which a store numbers as it is filled; else they are read before."""

import re
from collections.abc import Sequence

from madpy.errors import SqlError
from madpy.helper.checks.arguments import quoted
from madpy.helper.checks.reasons import with_feature_names
from madpy.helper.features.categories import coded
from madpy.helper.features.classes import MAX_CLASSES
from madpy.helper.features.design import BOOLEANS, Category, Design, list_columns
from madpy.helper.features.levels import MAX_LEVELS, TARGET, category_levels, in_order, too_many_levels
from madpy.helper.features.terms import MAX_LEVELS as MAX_INDICATORS
from madpy.helper.features.terms import Terms, checked_levels, term_levels, terms_of, with_offset
from madpy.ports.postgres.layouts.known import KNOWN_ALL_INDICATORS, KNOWN_INDICATORS
from madpy.ports.postgres.scan.numbered import columns_in_order, read_numbered
from madpy.ports.postgres.scan.scan import Rows, Scan
from madpy.ports.postgres.scan.source import Source
from madpy.ports.postgres.scan.streaming import takes_categories
from madpy.ports.postgres.session.keys import packed_keys
from madpy.ports.postgres.session.sql import fill, identifier
from madpy.records import replace

TOO_MANY = re.compile(r"column (\d+) has more than \d+ distinct values")  # message of a store


def scan_features(
    rows: Rows, listed: Design, passes: int, *, must_store: bool = False
) -> tuple[Scan, Design]:
    """Return a scan of `rows` over the features of `list_features`, and these features with their levels.

    A filled store takes the order of each category's values; for the other feed the levels of all
    categories are read first, in one pass, and each pass looks values up in them.  With `must_store` the rows
    are in a store, or there is an error.
    """
    if listed.is_vector:
        return Scan(rows, passes, must_store=must_store), listed
    scan = _numbering(_as_stored(rows, listed), listed, passes, must_store=must_store)
    if scan.store is not None:
        levels = [_ordered(scan, n, listed) for n in range(len(listed.features))]
        return scan, listed.with_levels(levels)
    if not any(listed.categories):
        return scan, listed
    if takes_categories(rows.source, len(listed.items)):
        design = listed.with_levels(category_levels(rows.source, listed))
        rows = _as_looked_up(rows, design)
    else:
        design = coded(rows.source, listed)
        rows = replace(rows, features=design.items)
    return Scan(rows, passes, may_store=False), design


def store_features(
    rows: Rows, listed: Design, more: Sequence[str] = (), *, has_classes: bool = False
) -> tuple[Scan, Design]:
    """Return a scan with the features of `list_features` in a file, and the features with their levels.

    `more` is SQL of numbers that go to a second file; with `has_classes` the first of them is a target whose
    values the store numbers as classes, see `store_levels`.  Raises an error where a store cannot hold them,
    or where a category has too many levels.
    """
    if listed.is_vector:
        stored = replace(rows, features=[*listed.items, *more], is_vector=False)
    else:
        stored = _as_stored(rows, listed, behind=more)
    if has_classes:
        stored = replace(stored, categories=[*stored.categories, len(listed.items) + 1])
    scan = _numbering(replace(stored, beside=len(more)), listed, passes=2, must_store=True)
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
    A store keeps a code of each text value, from which kernels make the indicators of its levels.  For the
    other feed the first pass, of moments, numbers the levels, or else they are read before it; later passes
    look values up in them.
    """
    listed = list_columns(rows.source, text, what)
    if not any(listed.categories):
        terms = terms_of(listed)
        return _scan(_with_terms(rows, terms, offset), passes, terms), terms
    behind = [] if offset is None else [offset]
    first = 1 if listed.is_list else 0  # the intercept
    before = ["1::double precision"] * first
    scan = Scan(_as_stored(rows, listed, before, behind), passes)
    if scan.store is None:
        may_look_up = takes_categories(rows.source, len(before) + len(listed.items) + len(behind))
        is_one = not (rows.groups or rows.source.shards.is_spread)  # one state, of rows that are here
        numbered = _numbered(scan, listed, first, what) if may_look_up and is_one else None
        levels, state = numbered or (term_levels(rows.source, listed, what, conditions), None)
        design = listed.with_levels(levels)
        terms = terms_of(design)
        if may_look_up:
            rows = replace(_as_looked_up(rows, design, before, behind), indicators=KNOWN_INDICATORS)
        else:
            rows = _with_terms(rows, terms, offset)
        scan = _scan(rows, passes, terms, may_store=False)
        scan.first = state
        return scan, terms
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


def scan_coordinates(rows: Rows, terms: Terms, passes: int) -> Scan:
    """Return a scan of `rows`, whose features are `terms` with an indicator for each level of a text column.

    The levels are known: either feed looks values up in them, and kernels make the indicators.
    """
    if not terms.references:
        return Scan(rows, passes)
    source = rows.source
    features: list[str] = []
    levels: list[list[str] | None] = []
    begun: set[str | None] = set()
    for term, item in zip(terms.terms, terms.items, strict=True):
        if term.kind == "level" and term.column not in begun:
            begun.add(term.column)
            column = str(term.column)
            features.append(Category(identifier(column), source.base_types[column]).stored)
            levels.append(terms.levels(column))
        elif term.kind != "level":
            features.append(item)
            levels.append(None)
    coded = [
        item if known is None else _code_from_one(source, item, known)
        for item, known in zip(features, levels, strict=True)
    ]
    scan = Scan(replace(rows, features=coded), passes)
    if scan.store is not None:
        scan.indicate([-1 if known is None else len(known) for known in levels])
        return scan
    if takes_categories(source, len(features)):
        rows = replace(rows, features=features, levels=levels, indicators=KNOWN_ALL_INDICATORS)
    return Scan(rows, passes, may_store=False)


def _code_from_one(source: Source, item: str, levels: list[str]) -> str:
    """Return SQL of a value's place among levels, from 1, by the equality of its type and collation."""
    keys = packed_keys([[level] for level in levels], [])
    holes = {"schema": source.db.schema, "keys": keys, "item": item}
    return fill("{schema:i}.__key_number({keys:l}, {item:q}) OPERATOR(pg_catalog.+) 1", holes)


def _numbering(rows: Rows, listed: Design, passes: int, *, must_store: bool = False) -> Scan:
    """Return a scan whose store numbers the values of categories; raise an error for too many of them."""
    try:
        return Scan(replace(rows, max_levels=MAX_LEVELS), passes, must_store=must_store)
    except SqlError as error:
        if many := TOO_MANY.fullmatch(error.message):
            place = int(many[1]) - 1
            if place == len(listed.items):
                raise too_many_levels(TARGET, MAX_CLASSES) from None
            raise too_many_levels(f"features: {quoted(listed.names[place])}", MAX_LEVELS) from None
        raise


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


def _as_looked_up(rows: Rows, design: Design, before: Sequence[str] = (), behind: Sequence[str] = ()) -> Rows:
    """Return `rows` with the values of categories for an aggregate to look up among the design's levels."""
    items = [
        category.stored if category else item
        for item, category in zip(design.items, design.categories, strict=True)
    ]
    levels = [feature.levels for feature in design.features]
    return replace(
        rows,
        features=[*before, *items, *behind],
        levels=[*(None for _ in before), *levels, *(None for _ in behind)],
    )


def _scan(rows: Rows, passes: int, terms: Terms, *, may_store: bool = True) -> Scan:
    try:
        return Scan(rows, passes, may_store=may_store)
    except SqlError as error:
        raise with_feature_names(error, terms) from None


def _numbered(
    scan: Scan, listed: Design, first: int, what: str
) -> tuple[list[list[str] | None], tuple[str, bytes]] | None:
    """Return the levels of features in order, and the moments of all rows, both from one pass.

    Moments have a column for each level but the first; `first` is the number of the scan's features before
    those listed.  Returns None where there is no row, and where the pass raises an error for the values of
    rows: with the levels known it is raised again, and names the feature.
    """
    kernel = "moments" if scan.rows.weights is None else "weighted_moments"
    try:
        data = scan.streaming.numbered(kernel, MAX_INDICATORS)
    except SqlError as error:
        if error.sqlstate[:2] not in ("22", "54"):
            raise
        return None
    if data is None:
        return None
    numbered, state = read_numbered(data)
    source = scan.rows.source
    levels = [
        values
        if values is None or category is None
        else checked_levels(name, in_order(source, category, values), what)
        for values, category, name in zip(numbered[first:], listed.categories, listed.names, strict=False)
    ]
    behind = [None for _ in numbered[first + len(levels) :]]
    columns = columns_in_order(numbered, [*(None for _ in range(first)), *levels, *behind])
    state = source.db.value(
        "SELECT {schema:i}.__state_columns({state:l}, {columns:l}::integer[])", state=state, columns=columns
    )
    return levels, (kernel, state)


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
    return BOOLEANS if category.sql_type == "boolean" else store_levels(scan, n, category)


def store_levels(scan: Scan, n: int, category: Category) -> list[str]:
    """Return the levels of column n of a store in the order of their type, and give its codes that order."""
    values = [str(value) for value in scan.levels(n)]
    levels = in_order(scan.rows.source, category, values)
    codes = {level: code for code, level in enumerate(levels)}
    scan.order(n, [codes[value] for value in values])
    return levels
