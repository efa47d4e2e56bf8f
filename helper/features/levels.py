"""The levels of categories: their distinct values, as text, in the order of their types."""

import itertools
from collections.abc import Sequence

from madpy.errors import MadpyError
from madpy.helper.checks.arguments import quoted
from madpy.helper.features.design import BOOLEANS, Category, Design
from madpy.ports.postgres.scan.source import Source
from madpy.ports.postgres.session.types import TEXTS, text_item, values_item

MAX_LEVELS = 100_000
TARGET = "the target"


def category_levels(
    source: Source, listed: Design, what: str = "features", conditions: Sequence[str] = ()
) -> list[list[str] | None]:
    """Read the levels of a design's categories, None for a number; raise an error for too many.

    Levels are those of the rows for which the `conditions`, SQL, are true; a boolean has both.
    """
    read = {n: c for n, c in enumerate(listed.categories) if c and listed.features[n].levels is not BOOLEANS}
    levels: list[list[str] | None] = [feature.levels for feature in listed.features]
    for n, values in zip(read, read_levels(source, list(read.values()), MAX_LEVELS, conditions), strict=True):
        if len(values) > MAX_LEVELS:
            raise too_many_levels(f"{what}: {quoted(listed.names[n])}", MAX_LEVELS)
        levels[n] = values
    return levels


def read_levels(
    source: Source, categories: Sequence[Category], most: int, conditions: Sequence[str] = ()
) -> list[list[str]]:
    """Read the distinct values of categories as text, without NULL, in the order of their types, in one pass.

    A category with more values than `most` has at least one more than that, in no order.
    """
    if not categories:
        return []
    if source.shards.is_citus:  # Citus sends no aggregate of "any"
        return [_values_of(source, category, most, conditions) for category in categories]
    levels = []
    read = source.values_by_part([category.stored for category in categories], most, conditions)
    for category, values_by_part in zip(categories, read, strict=True):
        values = list(dict.fromkeys(itertools.chain(*values_by_part)))
        if len(values) <= most:
            values = in_order(source, category, values, may_repeat=len(values_by_part) > 1)
        levels.append(values)
    return levels


def levels_of(
    source: Source, category: Category, what: str, most: int, conditions: Sequence[str] = ()
) -> list[str]:
    """Read the distinct values of a category as text, in its type's order, without NULL; at most `most`."""
    values = _values_of(source, category, most, conditions)
    if len(values) > most:
        raise too_many_levels(what, most)
    return values


def _values_of(source: Source, category: Category, most: int, conditions: Sequence[str]) -> list[str]:
    rows = source.db.execute(
        """
        SELECT {text:q} AS level
        FROM ({values:q}) AS v WHERE value IS DISTINCT FROM NULL ORDER BY value
        """,
        text=text_item("value", category.sql_type),
        values=source.distinct_values(category.item, most + 2, conditions),
    )
    return [row["level"] for row in rows]


def in_order(
    source: Source, category: Category, values: Sequence[str], *, may_repeat: bool = False
) -> list[str]:
    """Sort values of a category, given as text, in its type's order and collation.

    With `may_repeat`, of several texts whose values are equal one is returned.
    """
    sql_type = "text" if category.sql_type in (*TEXTS, "record") else category.sql_type
    item = category.item if sql_type == category.sql_type else f"({category.item})::text"
    rows = source.db.execute(
        """
        SELECT {once:q} v.level
        FROM (SELECT {texts:q} AS level, {values:q} AS value) AS v
             LEFT JOIN (SELECT {item:q} AS value FROM {part:q} LIMIT 0) AS s ON true
        ORDER BY COALESCE(s.value, v.value)
        """,
        once="DISTINCT ON (COALESCE(s.value, v.value))" if may_repeat else "",
        texts=values_item(values, "text"),
        values=values_item(values, sql_type),
        item=item,
        part=source.one_part,
    )
    return [row["level"] for row in rows]


def too_many_levels(what: str, most: int) -> MadpyError:
    """Return the error for a category, or the target, with more distinct values than `most`."""
    hint = "group them first, or leave it out: it may be a name or a key"
    if what == TARGET:
        hint = "group them first"
    return MadpyError(f"{what} has more than {most} distinct values", sqlstate="54000", hint=hint)
