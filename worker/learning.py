"""Learn the preprocessing of a training from its rows: fills, scales and encodings."""

import math
import sys
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.model_selection import KFold, StratifiedKFold
from sklearn.preprocessing import MaxAbsScaler, MinMaxScaler, RobustScaler, StandardScaler, TargetEncoder

from madpy.worker.errors import ROWS, WorkerError
from madpy.worker.layout import ENCODE_NUMBER, ENCODE_TARGET, FLAG_IMPUTE, FLAG_INDICATOR
from madpy.worker.moments import Moments
from madpy.worker.preparation import ENCODE, Input, Learned, Rule, transform

Floats = NDArray[np.float64]
FOLDS = 5  # folds of target encoding


def learn(
    X: Floats,
    y: Floats,
    moments: Moments,
    inputs: Sequence[Input],
    rules: Sequence[Rule],
    task: str,
    seed: int,
) -> tuple[list[Learned], dict[int, Floats]]:
    """Return what is learned from the rows of a training, and columns that `transform` does not make.

    The moments are those of X.  Target encoding is out of fold: a row's value comes from other rows.
    """
    learned = []
    columns = {}
    for j, (one, rule) in enumerate(zip(inputs, rules, strict=True)):
        if one.levels is None and rule.impute in ("none", "mean") and rule.scale in ("none", "standard"):
            learned.append(_learn_from_moments(moments, j, one, rule))
            continue
        what, own = _learn(np.ascontiguousarray(X[:, j]), y, one, rule, task, seed)
        learned.append(what)
        if own is not None:
            columns[j] = own
    return learned, columns


def _learn_from_moments(moments: Moments, j: int, one: Input, rule: Rule) -> Learned:
    """Return what is learned of a number: its mean, and its deviation or 1 where rounding is all there is."""
    count, mean = float(moments.count[j]), float(moments.mean[j])
    if not count and rule.impute == "mean":
        raise _all_null(one)
    fill = mean if rule.impute == "mean" else math.nan
    center, scale = 0.0, 1.0
    rows = moments.rows if rule.impute == "mean" else count
    if rule.scale == "standard" and rows:
        center, variance = mean, float(moments.squares[j]) / rows
        epsilon = sys.float_info.epsilon
        if variance > rows * epsilon * variance + (rows * mean * epsilon) ** 2:  # as in StandardScaler
            scale = variance**0.5
    return Learned(ENCODE_NUMBER, _flags(rule), fill, center, scale, np.zeros((0, 0)))


def _flags(rule: Rule) -> int:
    return (FLAG_IMPUTE if rule.impute != "none" else 0) | (FLAG_INDICATOR if rule.indicator else 0)


def _learn(
    x: Floats, y: Floats, one: Input, rule: Rule, task: str, seed: int
) -> tuple[Learned, Floats | None]:
    """Return what is learned of an input, and its columns if they are encoded by the target."""
    if one.levels == []:
        raise WorkerError(f'feature "{one.name}" is NULL in every row', ROWS, "leave it out")
    flags = _flags(rule)
    fill = _fill(x, one, rule)
    missing = np.isnan(x)
    filled = np.where(missing, fill, x) if missing.any() else x
    none = np.zeros((0, 0))
    if one.levels is None:
        return Learned(ENCODE_NUMBER, flags, fill, *_scaling(filled, rule.scale), none), None
    encode = ENCODE[rule.encode]
    if encode != ENCODE_TARGET:
        return Learned(encode, flags, fill, 0.0, 1.0, none), None
    if task not in ("regression", "classification") or y.shape[1] != 1:
        raise WorkerError(f'preprocess: target encoding of feature "{one.name}" needs one target')
    out_of_fold, values = _encoded_by_target(filled, y[:, 0], len(one.levels), task, seed)
    what = Learned(encode, flags, fill, 0.0, 1.0, values)
    beside = transform(x, what, len(one.levels))[:, values.shape[1] :]
    return what, np.hstack([out_of_fold, beside])


def _encoded_by_target(x: Floats, y: Floats, levels: int, task: str, seed: int) -> tuple[Floats, Floats]:
    """Return the encoding of each row from the rows of other folds, and of each level from all rows."""
    encoder = TargetEncoder(
        categories=[np.arange(levels, dtype=float)],
        target_type="continuous" if task == "regression" else "auto",
    )
    column = x[:, None]
    encoder.fit(column, y)
    values = np.vstack([np.column_stack(encoder.encodings_), np.atleast_1d(encoder.target_mean_)])
    if len(x) < FOLDS:
        return values[x.astype(int)], values
    cut = KFold if task == "regression" else StratifiedKFold
    folds = cut(FOLDS, shuffle=True, random_state=seed)
    out_of_fold = values[x.astype(int)]
    for others, own in folds.split(column, y):
        # without one of the classes among the other rows its share in them is not known
        if task == "regression" or len(np.unique(y[others])) == len(np.unique(y)):
            out_of_fold[own] = clone(encoder).fit(column[others], y[others]).transform(column[own])
    return out_of_fold, values


def _fill(x: Floats, one: Input, rule: Rule) -> float:
    if rule.impute == "none":
        return float("nan")
    if rule.impute == "constant":
        return _constant(one, rule.fill)
    there = x[~np.isnan(x)]
    if not len(there):
        raise _all_null(one)
    if rule.impute == "mean":
        return float(there.mean())
    if rule.impute == "median":
        return float(np.median(there))
    values, counts = np.unique(there, return_counts=True)
    return float(values[counts.argmax()])


def _all_null(one: Input) -> WorkerError:
    return WorkerError(
        f'feature "{one.name}" is NULL in every row',
        ROWS,
        f'leave it out, or impute a constant: {{"{one.name}": {{"impute": "constant", "fill": 0}}}}',
    )


def _constant(one: Input, fill: float | str | None) -> float:
    if one.levels is None:
        return float(fill or 0)
    if fill not in one.levels:
        return float(len(one.levels))  # another value than those of training
    return float(one.levels.index(str(fill)))


def _scaling(x: Floats, scale: str) -> tuple[float, float]:
    """Return what is subtracted from a value, and what it is divided by then."""
    if scale == "none" or not len(x):
        return 0.0, 1.0
    column = x[:, None]
    if scale == "standard":
        standard = StandardScaler().fit(column)
        return float(standard.mean_[0]), float(standard.scale_[0])
    if scale == "min_max":
        within = MinMaxScaler().fit(column)
        return float(within.data_min_[0]), float(1 / within.scale_[0])
    if scale == "max_abs":
        return 0.0, float(MaxAbsScaler().fit(column).scale_[0])
    robust = RobustScaler().fit(column)
    return float(robust.center_[0]), float(robust.scale_[0])
