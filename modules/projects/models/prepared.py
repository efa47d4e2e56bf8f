"""The columns that a model was fitted on, as SQL over its inputs: the operations of sk_row.c."""

import math
import re
from collections.abc import Iterator, Sequence

from madpy.errors import MadpyError
from madpy.helper.features.terms import checked_number
from madpy.modules.projects.models.fitted import INPUT_DOUBLES, INPUT_INTS, INPUTS, NUMBERS, VALUES, Fitted
from madpy.modules.projects.models.layout import (
    ENCODE_NUMBER,
    ENCODE_ONE_HOT,
    ENCODE_ORDINAL,
    ENCODE_TARGET,
    FLAG_IMPUTE,
    FLAG_INDICATOR,
)
from madpy.ports.postgres.scan.source import Source
from madpy.ports.postgres.session.sql import fill, literal
from madpy.ports.postgres.session.types import text_item
from madpy.records import Record

ELEMENT = re.compile(r"(.+)\[([0-9]{1,9})\]", re.DOTALL)  # an element of an array column
TIMES = ("date", "timestamp without time zone", "timestamp with time zone")


class Input(Record):
    """An input of a model and what is done with it."""

    levels: list[str]  # values of a category; none for a number
    encode: int
    flags: int
    fill: float
    center: float
    scale: float
    values: list[list[float]]  # target encoding: a row for each level, then one for other values

    def is_needed(self, takes_nan: bool) -> bool:
        """Tell whether there is no prediction without a value."""
        passes = takes_nan and self.encode in (ENCODE_NUMBER, ENCODE_ORDINAL)
        return not (self.is_filled or passes)

    @property
    def is_filled(self) -> bool:
        """Tell whether a number or level takes the place of a missing one."""
        return bool(self.flags & FLAG_IMPUTE) and not math.isnan(self.fill)

    def may_be_missing(self) -> list[bool]:
        """Tell of each column whether it can be NULL or no finite number."""
        if self.encode == ENCODE_TARGET:
            columns = [math.isnan(number) for number in self.values[-1]]
        elif self.encode == ENCODE_ONE_HOT:
            columns = [False] * len(self.levels)
        else:
            columns = [not self.is_filled]
        return columns + [False] * bool(self.flags & FLAG_INDICATOR)

    def condition(self, item: str) -> str:
        """Return SQL that is true where there is a value: no number that is infinite or NaN."""
        if self.encode == ENCODE_TARGET and math.isnan(self.values[-1][0]):
            return f'{item} COLLATE "C" IN ({", ".join(map(literal, self.levels))})'
        return f"{item} IS NOT NULL" if self.levels else f"pg_catalog.abs({item}) < 'Infinity'::float8"

    def columns(self, item: str) -> Iterator[str]:
        """Yield SQL of the columns, given SQL of a number or of a text; where that is missing, any number."""
        value = self._text(item) if self.levels else self._number(item)
        if self.encode == ENCODE_ONE_HOT:
            for level in self.levels:
                yield f"CASE WHEN {value} = {literal(level)} THEN 1 ELSE 0 END::float8"
        elif self.encode == ENCODE_TARGET:
            *rows, other = self.values
            for column in range(len(other)):
                yield self._case(value, [row[column] for row in rows], other[column])
        elif self.encode == ENCODE_ORDINAL:
            code = self._case(value, [*map(float, range(len(self.levels)))], -1.0)
            yield code if self.flags & FLAG_IMPUTE else f"CASE WHEN {item} IS NOT NULL THEN {code} END"
        elif (self.center, self.scale) == (0, 1):
            yield value
        else:
            yield f"(({value} - {literal(self.center)}) / {literal(self.scale)})"
        if self.flags & FLAG_INDICATOR:
            yield f"CASE WHEN {self.condition(item)} THEN 0 ELSE 1 END::float8"

    def _number(self, item: str) -> str:
        if not self.flags & FLAG_IMPUTE:
            return item
        return f"CASE WHEN {self.condition(item)} THEN {item} ELSE {literal(self.fill)} END"

    def _text(self, item: str) -> str:
        """Return SQL of the level; a filling that is no level is left NULL, which is no level either."""
        fills = self.flags & FLAG_IMPUTE and 0 <= self.fill < len(self.levels)
        value = f"COALESCE({item}, {literal(self.levels[int(self.fill)])})" if fills else item
        return f'{value} COLLATE "C"'

    def _case(self, value: str, numbers: Sequence[float], other: float) -> str:
        """Return SQL of the number of a level."""
        cases = "".join(
            f" WHEN {literal(level)} THEN {_literal(number)}"
            for level, number in zip(self.levels, numbers, strict=True)
        )
        return f"CASE {value}{cases} ELSE {_literal(other)} END"


def _literal(number: float) -> str:
    """Return SQL of a number in an encoding; NaN stands for a missing value."""
    return literal(None if math.isnan(number) else number)


def inputs_of(fitted: Fitted) -> list[Input]:
    """Return the inputs of a model, in the order of training."""
    encodings = fitted.arrays[INPUTS].reshape(-1, INPUT_INTS).tolist()
    numbers = fitted.arrays[NUMBERS].reshape(-1, INPUT_DOUBLES).tolist()
    result = []
    for levels, (encode, flags, width, offset), (fill_in, center, scale) in zip(
        fitted.levels, encodings, numbers, strict=True
    ):
        cells = fitted.arrays[VALUES][offset : offset + (len(levels) + 1) * width]
        values = cells.reshape(-1, width).tolist() if encode == ENCODE_TARGET else []
        result.append(Input(levels, encode, flags, fill_in, center, scale, values))
    return result


def columns_of(inputs: Sequence[Input], items: Sequence[str]) -> list[str]:
    """Return SQL of all columns, given SQL of the inputs: numbers, and texts of categories."""
    return [column for one, item in zip(inputs, items, strict=True) for column in one.columns(item)]


def column_items(fitted: Fitted, source: Source) -> list[str]:
    """Return SQL of all columns of a model over the rows of a relation, found by the names of the inputs."""
    items = [
        _item(source, name, bool(levels)) for name, levels in zip(fitted.inputs, fitted.levels, strict=True)
    ]
    return columns_of(inputs_of(fitted), items)


def _item(source: Source, name: str, is_category: bool) -> str:
    """Return SQL of an input: a column, or an element of a column that is an array."""
    element = ELEMENT.fullmatch(name)
    if name not in source.columns and element and element[1] in source.columns:
        return fill("{column:i}", {"column": element[1]}) + f"[{int(element[2])}]::float8"
    if name not in source.columns:
        raise no_column(source, name)
    kind = source.columns[name].base
    item = fill("{column:i}", {"column": name})
    if is_category:
        return text_item(item, kind)
    return f"extract(epoch FROM {item})::float8" if kind in TIMES else checked_number(name, item, kind)


def no_column(source: Source, name: str) -> MadpyError:
    """Return the error for a relation that lacks a column of a model."""
    return MadpyError(
        f'column "{name}" of table "{source.name}" does not exist',
        sqlstate="42703",
        hint="add the column: the model was trained on it",
    )
