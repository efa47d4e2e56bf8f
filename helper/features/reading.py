"""A scan over features whose categories are codes: numbered as a store is filled, else looked up before."""

from dataclasses import replace

from madpy.helper.checks.arguments import quoted
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
from madpy.ports.postgres.scan.scan import Rows, Scan
from madpy.ports.postgres.session.db import Database


def scan_features(
    db: Database, rows: Rows, listed: Features, categories: list[Category | None], passes: int
) -> tuple[Scan, Features]:
    """A scan of `rows` over features that `list_features` gave, and these features with their levels.

    A store is told the order of a category's values when it is full; for any other feed the levels of each
    category are read first, and its values are looked up in each pass.
    """
    if listed.is_vector:
        return Scan(db, rows, passes), listed
    numbered = [n for n, category in enumerate(categories) if category and category.sql_type != "boolean"]
    items = [
        category.stored if category and n in numbered else item
        for n, (item, category) in enumerate(zip(listed.items, categories, strict=True))
    ]
    scan = Scan(db, replace(rows, features=items, categories=[n + 1 for n in numbered]), passes)
    if scan.store is not None:
        levels = [_ordered(scan, n, category, listed) for n, category in enumerate(categories)]
        return scan, replace(listed, features=with_levels(listed.features, levels))
    if not any(categories):
        return scan, listed
    found = coded(db, rows.source, listed, categories)
    return Scan(db, replace(rows, features=found.items), passes, may_store=False), found


def _ordered(scan: Scan, n: int, category: Category | None, listed: Features) -> list[str] | None:
    """The levels of a feature in the order of its type, which the codes of the store follow from here on."""
    if category is None:
        return None
    if category.sql_type == "boolean":
        return BOOLEANS
    values = [str(value) for value in scan.levels(n)]
    if len(values) > MAX_LEVELS:
        raise too_many_levels(f"features: {quoted(listed.names[n])}", MAX_LEVELS)
    levels = in_order(scan.db, scan.rows.source, category, values)
    places = {level: place for place, level in enumerate(levels)}
    scan.order(n, [places[value] for value in values])
    return levels
