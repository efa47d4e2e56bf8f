"""Parts of rows: the folds of a cross-validation, and the smaller parts of successive halving."""

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import GroupKFold, KFold, StratifiedKFold

from madpy.worker.errors import ROWS, WorkerError

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]
Fold = tuple[Indices, Indices]  # rows to fit on, rows to predict


def folds_of(
    count: int, rows: int, classes: Floats | None, groups: Floats | None, order: Floats | None, seed: int
) -> list[Fold]:
    """Return `count` folds of so many rows, none for 0; a row whose `order` is NULL is in no fold.

    With `classes` each fold has its share of every class.
    """
    if not count:
        return []
    if order is not None:
        return _in_time(count, order)
    if groups is not None:
        codes = np.unique(groups, return_inverse=True)[1]
        _check(count, int(codes.max(initial=-1)) + 1, "values of fold_groups")
        return list(GroupKFold(count).split(codes, groups=codes))
    _check(count, rows, "rows")
    cut: Any = KFold(count, shuffle=True, random_state=seed)
    if classes is not None:
        _check(count, int(np.bincount(classes.astype(int)).max()), "rows of a class")
        cut = StratifiedKFold(count, shuffle=True, random_state=seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a class may have fewer rows than there are folds
        return list(cut.split(np.zeros(rows), classes))


def _in_time(count: int, order: Floats) -> list[Fold]:
    """Return blocks in the order of time, each predicted from those before it.

    Rows of the same time are in the same block, which may be larger than others therefore: where they had
    several, a row would be predicted from what happened at its own time.
    """
    there = np.flatnonzero(~np.isnan(order))
    _check(count + 1, len(there), "rows with fold_order")
    _, time_of_row, rows = np.unique(order[there], return_inverse=True, return_counts=True)
    size = len(there) // (count + 1)
    begins = len(there) - size * np.arange(count, 0, -1)  # as TimeSeriesSplit cuts
    block = np.searchsorted(begins, np.cumsum(rows) - rows, side="right")[time_of_row]
    _check(count + 1, len(np.unique(block)), "blocks of different fold_order")
    return [(there[block < n], there[block == n]) for n in range(1, count + 1)]


def _check(least: int, there: int, what: str) -> None:
    if there < least:
        raise WorkerError(f"the folds need at least {least} {what}, there are {there}", ROWS, "lower folds")


def within(fold: Fold, used: NDArray[np.bool_] | None) -> Fold:
    """Return a fold of the rows that are used, counted among these."""
    if used is None:
        return fold
    number = np.cumsum(used) - 1
    first, second = (number[rows[used[rows]]] for rows in fold)
    return first, second


def some_rows(count: int, rows: int, classes: Floats | None, seed: int) -> Indices:
    """Return a random part of the rows, in their order; a smaller part is within every larger one.

    With `classes` each has its share of the part.
    """
    shuffled: Indices = np.random.default_rng(seed).permutation(rows)
    if classes is not None:
        codes = classes.astype(int)[shuffled]
        place = np.empty(rows)
        for code in np.unique(codes):
            own = np.flatnonzero(codes == code)
            place[own] = (np.arange(len(own)) + 0.5) / len(own)
        shuffled = shuffled[np.argsort(place, kind="stable")]
    return np.sort(shuffled[:count])


def mean_of(scores: Sequence[float | None]) -> tuple[float | None, float | None]:
    """Return the mean and the standard deviation of the scores that there are."""
    there = [one for one in scores if one is not None]
    return (float(np.mean(there)), float(np.std(there))) if there else (None, None)
