"""Linear models and trees as SQL: the operations of sk_linear.c and sk_trees.c in their order."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from madpy.errors import MadpyError
from madpy.modules.projects.fitted import OWN, Fitted
from madpy.modules.projects.sk_layout import (
    TREES_EXP,
    TREES_MEDIAN,
    TREES_MISSING_RIGHT,
    TREES_VOTES,
)
from madpy.ports.postgres.session.db import literal
from madpy.records import Record

MOST_NODES = 20_000  # nodes of all trees: the parser takes about a second for so many
NODE = np.dtype([("threshold", "<f8"), ("feature", "<i4"), ("child", "<i4")])


class Scores(Record):
    """SQL of the outputs of a model: `items` over the last of `steps`, each over the one before."""

    steps: list[dict[str, str]]
    items: list[str]
    zero_is_second: bool = False


def linear(fitted: Fitted, columns: Sequence[str]) -> Scores:
    """Return the sums of products of a linear model, an item for each output."""
    coefficients = fitted.arrays[OWN + 1].reshape(fitted.outputs, -1).tolist()
    intercepts = fitted.arrays[OWN + 2].tolist()
    items = []
    for row, intercept in zip(coefficients, intercepts, strict=True):
        terms = [f"{literal(value)} * {column}" for value, column in zip(row, columns, strict=True)]
        items.append(" + ".join([*terms, literal(intercept)]))
    return Scores([], items)


def trees(fitted: Fitted, columns: Sequence[str]) -> Scores:
    """Return the sums or votes of trees, an item for each output; for two classes the difference of votes."""
    rule, link, count, width, is_single, zero_is_second = fitted.arrays[OWN].tolist()
    nodes = np.frombuffer(fitted.arrays[OWN + 2].astype("<i4").tobytes(), NODE)
    if rule == TREES_MEDIAN:
        raise MadpyError(
            "the model is a median of trees, which is no sum",
            sqlstate="0A000",
            hint="choose another algorithm",
        )
    if len(nodes) > MOST_NODES:
        raise MadpyError(
            f"the trees of the model have {len(nodes):,} nodes, more than {MOST_NODES:,}",
            sqlstate="54000",
            hint="train fewer or smaller trees",
        )
    roots, first_outputs = fitted.arrays[OWN + 1].reshape(2, count).tolist()
    table = fitted.arrays[OWN + 3].reshape(-1, width)
    divisor, *numbers = fitted.arrays[OWN + 4].tolist()
    start, weights = numbers[: fitted.outputs], numbers[fitted.outputs :]
    one_each = width == 1 and rule != TREES_VOTES
    walk = Walk(nodes, columns, bool(is_single), table[:, 0] if one_each else None)
    steps = {f"t{n}": walk.case(root) for n, root in enumerate(roots, 1)}
    if rule == TREES_VOTES:
        classes = [int(code) for code in table[:, 0].tolist()]
        items = _votes(len(fitted.classes), classes, count, weights, divisor)
    else:
        items = []
        for output in range(fitted.outputs):
            terms = [
                f"t{n}" if one_each else _element(table[:, output - first], f"t{n}")
                for n, first in enumerate(first_outputs, 1)
                if first <= output < first + width
            ]
            items.append(f"({' + '.join([literal(start[output]), *terms])}) / {literal(divisor)}")
    if link == TREES_EXP:
        # The server's exp() raises an error where C's returns 0.
        items = [f"CASE WHEN {item} < -745.2 THEN 0 ELSE pg_catalog.exp({item}) END" for item in items]
    return Scores([steps], items, bool(zero_is_second))


def _element(numbers: NDArray[Any], name: str) -> str:
    """Return SQL of the number at a place, counted from 0."""
    return f"({literal(numbers.tolist())})[{name} + 1]"


def _votes(count: int, classes: list[int], trees: int, weights: list[float], divisor: float) -> list[str]:
    """Return the votes of each class; of two the difference.  A leaf is the place of a class in `classes`."""
    votes = []
    for code in range(count):
        places = [n for n, one in enumerate(classes) if one == code]
        terms = [
            f"CASE WHEN t{n} IN ({', '.join(map(str, places)) or 'NULL'})"
            f" THEN {literal(weights[2 * n - 2])} ELSE {literal(weights[2 * n - 1])} END"
            for n in range(1, trees + 1)
        ]
        votes.append(f"({' + '.join(terms)}) / {literal(divisor)}")
    return [f"-({votes[0]}) + {votes[1]}"] if count == 2 else votes


class Walk(Record):
    """Trees as SQL: nested cases over columns, whose values are numbers of leaves, or places of leaves."""

    nodes: NDArray[Any]
    columns: Sequence[str]
    is_single: bool  # columns are compared as float32
    numbers: NDArray[Any] | None

    def case(self, root: int) -> str:
        """Return SQL of the leaf that a row gets to from a root; without recursion, as a tree may be deep."""
        pieces: list[str] = []
        waiting: list[int | str] = [root]
        while waiting:
            one = waiting.pop()
            if isinstance(one, str):
                pieces.append(one)
                continue
            node = self.nodes[one]
            child = int(node["child"])
            if child == one:
                pieces.append(self._leaf(node))
                continue
            feature = int(node["feature"])
            column = self.columns[feature & ~TREES_MISSING_RIGHT]
            greater, bound = self._bound(float(node["threshold"]))
            if feature < 0:  # a missing value goes to the second child, as it is not less
                smaller = "<=" if greater == ">" else "<"
                pieces.append(f"CASE WHEN {column} {smaller} {literal(bound)} THEN ")
                waiting += [" END", child + 1, " ELSE ", child]
            else:
                pieces.append(f"CASE WHEN {column} {greater} {literal(bound)} THEN ")
                waiting += [" END", child, " ELSE ", child + 1]
        return "".join(pieces)

    def _leaf(self, node: Any) -> str:
        place = int(np.array(node["threshold"]).reshape(1).view("<i4")[0])
        return str(place) if self.numbers is None else literal(float(self.numbers[place]))

    def _bound(self, threshold: float) -> tuple[str, float]:
        """Return the comparison and the number that a column is compared with, in double precision.

        A number rounded to float32 is greater than the threshold where it is beyond the middle between two
        float32: the largest one that is not greater than the threshold, and the next.  The middle itself is
        rounded to the one that is even.
        """
        if not self.is_single or math.isinf(threshold):
            return ">", threshold
        with np.errstate(over="ignore"):
            low = np.float32(threshold)
            if np.isinf(low) or float(low) > threshold:
                low = np.nextafter(low, np.float32(-np.inf))
            high = np.nextafter(low, np.float32(np.inf))
        if np.isinf(low):  # each number is greater than the threshold, unless it is rounded to minus infinity
            return ">", -(2.0**128 - 2.0**103)
        above = 2.0**128 if np.isinf(high) else float(high)
        is_even = np.isinf(high) or not int(high.view(np.uint32)) & 1
        return (">=" if is_even else ">"), (float(low) + above) / 2
