"""The rows of a comparison: those that models are fitted on, and the holdout, on which they are scored."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from madpy.worker.columns import Columns, Floats
from madpy.worker.errors import WorkerError
from madpy.worker.moments import Moments, moments_of
from madpy.worker.preparation import Input
from madpy.worker.reasons import check_weights

NO_ROWS = "P0002"  # SQLSTATE where the holdout, or the rest of the rows, is empty


@dataclass(frozen=True)
class Part:
    """Rows: features, shape (n, k), targets, shape (n, t), and columns of shape (n,) where there are some."""

    X: Floats
    y: Floats
    weights: Floats | None
    groups: Floats | None
    order: Floats | None

    @cached_property
    def moments(self) -> Moments:
        """Return the moments of the features."""
        return moments_of(self.X)

    def take(self, rows: NDArray[Any]) -> "Part":
        """Return some of the rows: flags or indices."""
        if rows.dtype == np.bool_:
            rows = np.flatnonzero(rows)  # numpy copies rows by their indices in a third of the time
        others = [None if one is None else one[rows] for one in (self.weights, self.groups, self.order)]
        return Part(self.X.take(rows, axis=0), self.y.take(rows, axis=0), *others)

    def without(self, columns: Sequence[int]) -> "Part":
        """Return the rows without some of their features."""
        return replace(self, X=np.ascontiguousarray(np.delete(self.X, columns, axis=1)))

    def usable(self) -> "Part":
        """Return the rows that have a target and a weight greater than 0."""
        used = np.asarray(~np.isnan(self.y).any(axis=1))
        if self.weights is not None:
            used &= self.weights > 0
        return self if used.all() else self.take(used)


@dataclass(frozen=True)
class Table:
    """The rows of a comparison; codes of categories are those of the levels that are fitted on.

    `levels` has the old code of each of these, None for a number; `classes` the old code of each class, those
    that are fitted on first.
    """

    fitted: Part
    holdout: Part | None
    has_nan: bool
    levels: list[list[int] | None]
    classes: list[int]
    num_classes: int  # those that are fitted on


def read(columns: Sequence[Columns], request: dict[str, Any]) -> Table:
    """Read the rows; the holdout, which has files of its own, decides over nothing in a model."""
    fitted = _part(columns[0], int(request["rows"][1]), request)
    holdout = None
    if request["num_test_rows"] is not None:
        holdout = _part(columns[1], int(request["num_test_rows"]), request)
        _check_split(fitted, holdout)
    levels = _fitted_levels(fitted, holdout, request["inputs"])
    classes, num_classes = _fitted_classes(fitted, holdout) if request["classes"] else ([], 0)
    return Table(fitted, holdout, columns[0].features.has_nan, levels, classes, num_classes)


def _part(columns: Columns, rows: int, request: dict[str, Any]) -> Part:
    others = columns.others.rows(0, rows)
    y = np.ascontiguousarray(others[:, [int(one) for one in request["targets"]]])
    beside = [
        None if request[name] is None else np.ascontiguousarray(others[:, int(request[name])])
        for name in ("weights", "fold_groups", "fold_order")
    ]
    if beside[0] is not None:
        check_weights(beside[0])
    return Part(columns.features.rows(0, rows), y, *beside)


def _check_split(fitted: Part, holdout: Part) -> None:
    """Raise WorkerError if one of the two parts has no row."""
    if len(fitted.X) + len(holdout.X) == 0:
        return
    for part, which in ((fitted, "every"), (holdout, "no")):
        if not len(part.X):
            raise WorkerError(
                f"holdout is true for {which} row", NO_ROWS, hint="choose another expression or share"
            )


def _fitted_levels(
    fitted: Part, holdout: Part | None, inputs: list[dict[str, Any]]
) -> list[list[int] | None]:
    """Give categories the codes of the levels that are fitted on; other values get the code after these."""
    result: list[list[int] | None] = []
    for j, one in enumerate(inputs):
        if one["levels"] is None:
            result.append(None)
            continue
        count = len(one["levels"])
        used = np.arange(count) if one["is_fixed"] else _codes(fitted.X[:, j])
        result.append(used.tolist())
        if len(used) < count:
            new = np.full(count, float(len(used)))
            new[used] = np.arange(len(used))
            for part in (fitted, *([] if holdout is None else [holdout])):
                _recode(part.X, j, new)
    return result


def _fitted_classes(fitted: Part, holdout: Part | None) -> tuple[list[int], int]:
    """Give classes new codes: first those of rows that are fitted on, then those of the holdout alone."""
    parts = [fitted, *([] if holdout is None else [holdout])]
    codes = [
        _codes(part.y[:, 0] if part.weights is None else part.y[part.weights > 0, 0]).tolist()
        for part in parts
    ]
    first = codes[0]
    everything = first + [code for code in codes[-1] if code not in set(first)]
    if everything != list(range(len(everything))):
        new = np.full(max(everything, default=0) + 1, np.nan)
        new[everything] = np.arange(len(everything))
        for part in parts:
            there = ~np.isnan(part.y[:, 0]) & (part.y[:, 0] < len(new))
            part.y[~there, 0] = np.nan
            part.y[there, 0] = new[part.y[there, 0].astype(int)]
    return everything, len(first)


def _codes(values: Floats) -> NDArray[np.int64]:
    return np.unique(values[~np.isnan(values)]).astype(np.int64)


def _recode(X: Floats, j: int, new: Floats) -> None:
    there = ~np.isnan(X[:, j])
    X[there, j] = new[X[there, j].astype(int)]


def inputs_of(request: dict[str, Any], table: Table) -> list[Input]:
    """Return the features with the levels that are fitted on."""
    return [
        Input(one["name"], None if codes is None else [one["levels"][code] for code in codes])
        for one, codes in zip(request["inputs"], table.levels, strict=True)
    ]
