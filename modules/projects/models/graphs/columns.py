"""The columns that a model was fitted on, as a graph over its inputs: the operations of sk_row.c."""

import math
from collections.abc import Iterator, Sequence

import numpy as np

from madpy.errors import MadpyError
from madpy.modules.projects.models.fitted import Fitted
from madpy.modules.projects.models.graphs.graph import BOOL, DOUBLE, INT64, ML, STRING, Graph
from madpy.modules.projects.models.layout import (
    ENCODE_ONE_HOT,
    ENCODE_ORDINAL,
    FLAG_IMPUTE,
    FLAG_INDICATOR,
)
from madpy.modules.projects.models.prepared import ELEMENT, Input, inputs_of
from madpy.records import Record

NULL_TEXT = r"\N"  # a missing text: ONNX has no NULL, and COPY writes it so
OTHER, MISSING = -1, -2  # codes of texts that are no levels


class Columns(Record):
    """The prepared columns of rows, and which rows lack a value that a prediction needs."""

    x: str  # shape (rows, columns)
    missing: str | None  # shape (rows, 1); None: nothing is needed


class Part(Record):
    """Columns of one input or of some, and, as whole numbers, which of their needed values are missing."""

    columns: str
    missing: str | None


def columns_of(graph: Graph, fitted: Fitted) -> Columns:
    """Add the inputs of a model, and what makes columns of them."""
    # All inputs come first, so that no other value has taken their names.
    runs = [(_add_inputs(graph, names, inputs), inputs) for names, inputs in _runs(fitted)]
    parts = [
        _category(graph, given[0], inputs[0], fitted.takes_nan)
        if inputs[0].levels
        else _numbers(graph, given, inputs, fitted.takes_nan)
        for given, inputs in runs
    ]
    x = graph.joined([part.columns for part in parts])
    missing = [part.missing for part in parts if part.missing is not None]
    if not missing:
        return Columns(x, None)
    worst = graph.node("ReduceMax", graph.joined(missing), np.array([1]))
    return Columns(x, graph.node("Cast", worst, to=BOOL))


def _runs(fitted: Fitted) -> Iterator[tuple[list[str], list[Input]]]:
    """Yield the inputs, in order: each category by itself, and consecutive numbers together."""
    names: list[str] = []
    numbers: list[Input] = []
    for name, one in zip(fitted.inputs, inputs_of(fitted), strict=True):
        if not one.levels:
            names.append(name)
            numbers.append(one)
            continue
        if numbers:
            yield names, numbers
        yield [name], [one]
        names, numbers = [], []
    if numbers:
        yield names, numbers


def _add_inputs(graph: Graph, names: Sequence[str], inputs: Sequence[Input]) -> list[str]:
    """Add the input of a category, or those of numbers, and return their names."""
    if not inputs[0].levels:
        return [graph.input(name, DOUBLE, width) for name, width in _widths(names)]
    if NULL_TEXT in inputs[0].levels:
        raise MadpyError(
            f'feature "{names[0]}" has the value {NULL_TEXT}, which stands for NULL in ONNX',
            sqlstate="0A000",
            hint="train on other values",
        )
    return [graph.input(names[0], STRING, 1)]


def _numbers(graph: Graph, names: Sequence[str], inputs: Sequence[Input], takes_nan: bool) -> Part:
    """Return the columns of numbers: a missing value is filled, or it stays NaN; then they are scaled."""
    given = graph.joined(names)
    is_there = graph.node("Less", graph.node("Abs", given), math.inf)
    fill = [one.fill if one.flags & FLAG_IMPUTE else math.nan for one in inputs]
    value = graph.node("Where", is_there, given, np.array(fill))
    if any((one.center, one.scale) != (0, 1) for one in inputs):
        value = graph.node("Sub", value, np.array([one.center for one in inputs]))
        value = graph.node("Div", value, np.array([one.scale for one in inputs]))
    needed = [i for i, one in enumerate(inputs) if one.is_needed(takes_nan)]
    marked = [i for i, one in enumerate(inputs) if one.flags & FLAG_INDICATOR]
    if not (needed or marked):
        return Part(value, None)
    is_missing = graph.node("Not", is_there)
    if marked:
        both = graph.joined([value, graph.node("Cast", is_missing, to=DOUBLE)])
        order = [j for i in range(len(inputs)) for j in ([i, len(inputs) + i] if i in marked else [i])]
        value = graph.node("Gather", both, np.array(order), axis=1)
    if not needed:
        return Part(value, None)
    of_needed = graph.node("Gather", is_missing, np.array(needed), axis=1)
    return Part(value, graph.node("Cast", of_needed, to=INT64))


def _widths(names: Sequence[str]) -> list[tuple[str, int]]:
    """Return the inputs of numbers and how many each has: the elements of an array column are one input."""
    widths: list[tuple[str, int]] = []
    for name in names:
        element = ELEMENT.fullmatch(name)
        if element and element[2] == "1":
            widths.append((element[1], 1))
        elif element and widths and widths[-1] == (element[1], int(element[2]) - 1):
            widths[-1] = (element[1], int(element[2]))
        else:
            widths.append((name, 1))
    return widths


def _category(graph: Graph, name: str, one: Input, takes_nan: bool) -> Part:
    """Return the columns of a category: its text becomes the code of a level, and this is encoded."""
    code = graph.node(
        "LabelEncoder", name, domain=ML,
        keys_strings=[*one.levels, NULL_TEXT],
        values_int64s=np.array([*range(len(one.levels)), MISSING]), default_int64=OTHER,
    )  # fmt: skip
    is_missing = graph.node("Equal", code, np.array(MISSING))
    columns = [_encoded(graph, one, code, is_missing)]
    if one.flags & FLAG_INDICATOR:
        columns.append(graph.node("Cast", is_missing, to=DOUBLE))
    needed = graph.node("Cast", is_missing, to=INT64) if one.is_needed(takes_nan) else None
    return Part(graph.joined(columns), needed)


def _encoded(graph: Graph, one: Input, code: str, is_missing: str) -> str:
    count = len(one.levels)
    fill = one.fill if one.flags & FLAG_IMPUTE else math.nan
    if one.encode == ENCODE_ORDINAL:
        return graph.node("Where", is_missing, fill, graph.node("Cast", code, to=DOUBLE))
    level = int(fill) if 0 <= fill < count and fill.is_integer() else OTHER
    code = graph.node("Where", is_missing, np.array(level), code)
    if one.encode == ENCODE_ONE_HOT:
        return graph.node("Cast", graph.node("Equal", code, np.arange(count)), to=DOUBLE)
    # The last row is for other values, and OTHER counts from the end.
    return graph.flat(graph.node("Gather", np.array(one.values), code))
