"""Checks of the arguments of summary: columns, and figures to compute."""

import math

from madpy.errors import MadpyError
from madpy.helper import helper
from madpy.helper.checks.arguments import quoted
from madpy.modules.stats.core import fractions
from madpy.modules.stats.layout import Sketch
from madpy.ports.postgres.scan.source import Source
from madpy.ports.postgres.session.sql import fill
from madpy.records import Record

MOST_FREQUENT = 1000


class Column(Record):
    """A column to summarize: `item` is its SQL, `number` its number in the table, None for an expression."""

    name: str
    item: str
    sql_type: str
    kind: str
    number: int | None


class Wanted(Record):
    """The figures to compute besides counts, mean and range; `fractions` begins with quartiles, if wanted."""

    distinct: bool
    quartiles: bool
    fractions: list[float]
    how_many: int

    @property
    def parts(self) -> int:
        """Return the bits that column_summary_state takes."""
        asked = {
            Sketch.SUMMARY_DISTINCT: self.distinct,
            Sketch.SUMMARY_QUANTILES: bool(self.fractions),
            Sketch.SUMMARY_FREQUENT: self.how_many > 0,
        }
        return sum(sketch for sketch, wanted in asked.items() if wanted)


def check_columns(source: Source, text: str | None, groups: list[str]) -> list[Column]:
    """Return the columns that `text` names, or every column but the grouping ones."""
    known = source.columns
    if text is None or text.strip() in ("", "*"):
        text = ", ".join(fill("{c:i}", {"c": column}) for column in known if column not in groups)
    if not text:
        raise MadpyError(f"table {quoted(source.name)} has no column to summarize")
    given = helper.check_expressions(source, text, "target_cols", "any")
    columns: list[Column] = []
    for name, item, sql_type, kind in zip(given.names, given.items, given.types, given.kinds, strict=True):
        is_column = item == fill("{name:i}", {"name": name})
        if any(column.name == name for column in columns):
            raise MadpyError(f"target_cols: {quoted(name)} is named twice", sqlstate="42701")
        columns.append(
            Column(
                name=name,
                item=item,
                sql_type=f"{sql_type}[]" if given.is_vector else sql_type,
                kind="other" if given.is_vector else kind,
                number=known[name].number if is_column and name in known else None,
            )
        )
    return columns


def check_wanted(
    get_distinct: bool | None,
    get_quartiles: bool | None,
    ntile_array: list[float] | None,
    how_many_mfv: int | None,
) -> Wanted:
    quartiles = get_quartiles is not False
    for fraction in ntile_array or []:
        if fraction is None or math.isnan(fraction) or not 0 <= fraction <= 1:
            shown = "NULL" if fraction is None else fraction
            raise MadpyError(f"ntile_array must hold numbers between 0 and 1, not {shown}", sqlstate="22003")
    how_many = 10 if how_many_mfv is None else how_many_mfv
    how_many = int(helper.check_range("how_many_mfv", how_many, 0, MOST_FREQUENT))
    return Wanted(get_distinct is not False, quartiles, fractions(quartiles, ntile_array), how_many)
