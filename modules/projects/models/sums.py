"""Linear models and trees as SQL: the operations of sk_linear.c and sk_trees.c in their order."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from madpy.errors import MadpyError
from madpy.modules.projects.models.fitted import OWN, Fitted
from madpy.modules.projects.models.sk_layout import (
    NODE_MISSING_RIGHT,
    TREES_EXP,
    TREES_MEDIAN,
    TREES_VOTES,
)
from madpy.ports.postgres.session.sql import literal
from madpy.records import Record

MOST_NODES = 20_000  # nodes of all trees: the parser takes about a second for so many
NODE = np.dtype([("threshold", "<f8"), ("feature", "<i4"), ("child", "<i4")])


class Scores(Record):
    """SQL of the outputs of a model."""

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
    return Scores(items)


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
    is_vote = rule == TREES_VOTES
    _check_size(len(nodes) * (len(fitted.classes) if is_vote else width))
    roots, first_outputs = fitted.arrays[OWN + 1].reshape(2, count).tolist()
    leaves = fitted.arrays[OWN + 3].reshape(-1, width)
    walk = Walk(nodes, columns, bool(is_single), fitted.takes_nan)
    if is_vote:
        items = _votes(fitted, walk, roots, leaves[:, 0])
    else:
        items = [
            _sum(fitted, output, [
                walk.case(root, leaves[:, output - first])
                for root, first in zip(roots, first_outputs, strict=True)
                if first <= output < first + width
            ])
            for output in range(fitted.outputs)
        ]  # fmt: skip
    if link == TREES_EXP:
        # The server's exp() raises an error where C's returns 0.
        items = [f"CASE WHEN {item} < -745.2 THEN 0 ELSE pg_catalog.exp({item}) END" for item in items]
    return Scores(items, bool(zero_is_second))


def _sum(fitted: Fitted, output: int, leaves: list[str]) -> str:
    """Return SQL of an output: its starting value and the leaves, over the divisor."""
    divisor, *start = fitted.arrays[OWN + 4][: 1 + fitted.outputs].tolist()
    return f"(({' + '.join([literal(start[output]), *leaves])}) / {literal(divisor)})"


def _votes(fitted: Fitted, walk: "Walk", roots: list[int], leaves: NDArray[Any]) -> list[str]:
    """Return SQL of the votes for each class, or of the difference for two; a leaf is the number of a class.

    A tree gives its first weight to the class of the leaf, and its second one to all others.
    """
    divisor = float(fitted.arrays[OWN + 4][0])
    weights = fitted.arrays[OWN + 4][1 + fitted.outputs :].reshape(-1, 2).tolist()
    votes = []
    for code in range(len(fitted.classes)):
        terms = [
            walk.case(root, np.where(leaves == code, own, other))
            for root, (own, other) in zip(roots, weights, strict=True)
        ]
        votes.append(f"(({' + '.join(terms)}) / {literal(divisor)})")
    return [f"-({votes[0]}) + {votes[1]}"] if len(votes) == 2 else votes


def _check_size(nodes: int) -> None:
    if nodes > MOST_NODES:
        raise MadpyError(
            f"the trees of the model have {nodes:,} nodes, more than {MOST_NODES:,}",
            sqlstate="54000",
            hint="train fewer or smaller trees",
        )


class Walk(Record):
    """Trees as SQL: nested cases over columns."""

    nodes: NDArray[Any]
    columns: Sequence[str]
    is_single: bool  # columns are compared as float32
    takes_nan: bool

    def case(self, root: int, numbers: NDArray[Any]) -> str:
        """Return SQL of the number of the leaf that a row gets to from a root.

        It is written without recursion, as a tree may be deep.
        """
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
                leaf = int(np.array(node["threshold"]).reshape(1).view("<i4")[0])
                pieces.append(literal(float(numbers[leaf])))
                continue
            is_right = int(node["feature"]) < 0  # a missing value goes to the second child
            pieces.append(f"CASE WHEN {self._condition(node, is_right)} THEN ")
            waiting += [" END", child + is_right, " ELSE ", child + (not is_right)]
        return "".join(pieces)

    def _condition(self, node: Any, is_right: bool) -> str:
        """Return SQL that is true for one child, and not for a missing value: NULL, NaN or infinite.

        If missing values go to the second child it is true for the first one, else for the second.
        """
        column = self.columns[int(node["feature"]) & ~NODE_MISSING_RIGHT]
        greater, bound = self._bound(float(node["threshold"]))
        if is_right:
            smaller = "<=" if greater == ">" else "<"
            return f"{column} {smaller} {literal(bound)}" + f" AND {column} > '-Infinity'" * self.takes_nan
        return f"{column} {greater} {literal(bound)}" + f" AND {column} < 'Infinity'" * self.takes_nan

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
