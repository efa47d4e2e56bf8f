"""The columns that a model was fitted on, as SQL over its inputs: the operations of sk_row.c."""

import re
from collections.abc import Iterator, Sequence

from madpy.errors import MadpyError
from madpy.helper.features.terms import checked_number
from madpy.modules.projects.fitted import INPUT_DOUBLES, INPUT_INTS, INPUTS, NUMBERS, VALUES, Fitted
from madpy.modules.projects.sk_layout import (
    ENCODE_NUMBER,
    ENCODE_ONE_HOT,
    ENCODE_ORDINAL,
    ENCODE_TARGET,
    FLAG_IMPUTE,
    FLAG_INDICATOR,
)
from madpy.ports.postgres.scan.source import Source
from madpy.ports.postgres.session.db import fill, literal
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
        return not (self.flags & FLAG_IMPUTE or passes)

    def code(self, item: str) -> str:
        """Return SQL of the value as a number, NULL if it is missing, given SQL of a number or of a text."""
        if not self.levels:
            return f"CASE WHEN pg_catalog.abs({item}) < 'Infinity'::float8 THEN {item} END"
        cases = " ".join(f"WHEN {literal(level)} THEN {code}" for code, level in enumerate(self.levels))
        return f'CASE WHEN {item} IS NOT NULL THEN CASE {item} COLLATE "C" {cases} ELSE -1 END::float8 END'

    def columns(self, code: str) -> Iterator[str]:
        """Yield SQL of the columns, given the name of the input's number."""
        value = f"COALESCE({code}, {literal(self.fill)})" if self.flags & FLAG_IMPUTE else code
        if self.encode == ENCODE_ONE_HOT:
            for level in range(len(self.levels)):
                yield f"CASE WHEN {value} = {level} THEN 1 ELSE 0 END::float8"
        elif self.encode == ENCODE_TARGET:
            *known, other = self.values
            for column in range(len(other)):
                cases = " ".join(f"WHEN {n} THEN {literal(row[column])}" for n, row in enumerate(known))
                yield (
                    f"CASE {value} {cases} ELSE {literal(other[column])} END"
                    if known
                    else literal(other[column])
                )
        elif self.encode == ENCODE_ORDINAL or (self.center, self.scale) == (0, 1):
            yield value
        else:
            yield f"({value} - {literal(self.center)}) / {literal(self.scale)}"
        if self.flags & FLAG_INDICATOR:
            yield f"CASE WHEN {code} IS NULL THEN 1 ELSE 0 END::float8"


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


def codes_relation(fitted: Fitted, inputs: Sequence[Input], items: Sequence[str]) -> str:
    """Return SQL of a relation with the numbers of the inputs, x1, x2, ...: rows that have a prediction.

    `items` is SQL of the inputs: numbers, or texts of categories.
    """
    codes = (f"{one.code(item)} AS x{n}" for n, (one, item) in enumerate(zip(inputs, items, strict=True), 1))
    needed = [f"x{n} IS NOT NULL" for n, one in enumerate(inputs, 1) if one.is_needed(fitted.takes_nan)]
    return fill(
        "(SELECT {codes:q} OFFSET 0) AS codes WHERE {needed:q}",
        {"codes": ", ".join(codes), "needed": " AND ".join(needed) or "true"},
    )


def column_names(inputs: Sequence[Input]) -> list[str]:
    """Return SQL of all columns over the relation of `codes_relation`."""
    return [column for n, one in enumerate(inputs, 1) for column in one.columns(f"x{n}")]


def column_items(fitted: Fitted, source: Source) -> list[str]:
    """Return SQL of all columns of a model over the rows of a relation, found by the names of the inputs."""
    items = [
        _item(source, name, bool(levels)) for name, levels in zip(fitted.inputs, fitted.levels, strict=True)
    ]
    inputs = inputs_of(fitted)
    return [
        column
        for one, item in zip(inputs, items, strict=True)
        for column in one.columns(f"({one.code(item)})")
    ]


def _item(source: Source, name: str, is_category: bool) -> str:
    """Return SQL of an input: a column, or an element of a column that is an array."""
    element = ELEMENT.fullmatch(name)
    if name not in source.columns and element and element[1] in source.columns:
        return fill("{column:i}", {"column": element[1]}) + f"[{int(element[2])}]::float8"
    if name not in source.columns:
        raise MadpyError(
            f'column "{name}" of table "{source.name}" does not exist',
            sqlstate="42703",
            hint="add the column: the model was trained on it",
        )
    kind = source.columns[name].base
    item = fill("{column:i}", {"column": name})
    if is_category:
        return text_item(item, kind)
    return f"extract(epoch FROM {item})::float8" if kind in TIMES else checked_number(name, item, kind)
