"""Preprocessing, learned on the rows of a training: imputing, scaling, encoding.

modules/sk/sk_row.c applies it.  Each input is a number or the code of a category's level; NaN is NULL.
A few numbers are learned for each input; `transform` applies them to many rows, by the same operations in
the same order as C does.
"""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.model_selection import KFold, StratifiedKFold
from sklearn.preprocessing import MaxAbsScaler, MinMaxScaler, RobustScaler, StandardScaler, TargetEncoder

from madpy.worker.errors import ROWS, WorkerError
from madpy.worker.layout import (
    ENCODE_NUMBER,
    ENCODE_ONE_HOT,
    ENCODE_ORDINAL,
    ENCODE_TARGET,
    FLAG_IMPUTE,
    FLAG_INDICATOR,
)

Floats = NDArray[np.float64]
FOLDS = 5  # folds of target encoding
AUTO = "auto"
ANY = "*"  # the entry for columns that have none of their own
IMPUTE = ("none", "mean", "median", "mode", "constant")
SCALE = ("none", "standard", "min_max", "max_abs", "robust")
ENCODE = {"one_hot": ENCODE_ONE_HOT, "ordinal": ENCODE_ORDINAL, "target": ENCODE_TARGET}


@dataclass(frozen=True)
class Input:
    """A column that a model is given; `levels` are a category's, None for a number."""

    name: str
    levels: list[str] | None


@dataclass(frozen=True)
class Rule:
    """Preprocessing of an input, as the user or the algorithm asks for it."""

    impute: str = "none"
    fill: float | str | None = None  # value for impute "constant"
    indicator: bool = False
    scale: str = "none"
    encode: str = "one_hot"


@dataclass(frozen=True)
class Learned:
    """Preprocessing of an input in numbers, as sk_row.c reads it."""

    encode: int
    flags: int
    fill: float
    center: float
    scale: float
    values: Floats  # target encoding: a row per level, then one for other values

    @property
    def is_plain(self) -> bool:
        """Tell whether the input is a number that becomes a column as it is."""
        return (self.encode, self.flags, self.center, self.scale) == (ENCODE_NUMBER, 0, 0.0, 1.0)

    def columns(self, levels: int) -> int:
        """Return how many columns the input becomes."""
        widths: dict[int, int] = {ENCODE_ONE_HOT: levels, ENCODE_TARGET: self.values.shape[1]}
        return widths.get(self.encode, 1) + bool(self.flags & FLAG_INDICATOR)


def rules_of(written: Any, inputs: Sequence[Input], default: Rule, auto: Rule) -> list[Rule]:
    """Return the rule of each input; `written` is an object of objects, by the names of columns or "*".

    "auto" in place of an object, or of the whole, is the rule `auto`; what is not written is the `default`.
    """
    if written == AUTO or (isinstance(written, dict) and written.get(ANY) == AUTO):
        default = auto
        written = {} if written == AUTO else {name: one for name, one in written.items() if name != ANY}
    if not isinstance(written, dict) or not all(isinstance(one, dict) for one in written.values()):
        raise WorkerError(
            'preprocess must be "auto" or an object with an object for each column',
            hint='write it like this: {"*": {"impute": "mean", "scale": "standard"}}',
        )
    names = [one.name for one in inputs]
    if unknown := [name for name in written if name not in (*names, ANY)]:
        raise WorkerError(
            f'preprocess: there is no feature "{unknown[0]}"',
            "42703",
            f"these are: {', '.join(names)}",
        )
    return [_rule(one, {**written.get(ANY, {}), **written.get(one.name, {})}, default) for one in inputs]


def _rule(one: Input, written: dict[str, Any], default: Rule) -> Rule:
    known = Rule.__dataclass_fields__
    for key in written:
        if key not in known:
            raise WorkerError(
                f'preprocess: "{key}" is not known for feature "{one.name}"',
                hint=f"known are: {', '.join(known)}",
            )
    values = {**default.__dict__, **written}
    if "impute" not in written and values["fill"] is not None:
        values["impute"] = "constant"
    for key, choices in (("impute", IMPUTE), ("scale", SCALE), ("encode", tuple(ENCODE))):
        if values[key] not in choices:
            raise WorkerError(
                f'preprocess: {key} of feature "{one.name}" must be one of {", ".join(choices)}'
            )
    if not isinstance(values["indicator"], bool):
        raise WorkerError(f'preprocess: indicator of feature "{one.name}" must be true or false')
    if values["impute"] == "constant" and not _is_fill(one, values["fill"]):
        kind = "a number" if one.levels is None else "a text"
        raise WorkerError(f'preprocess: fill of feature "{one.name}" must be {kind}')
    if one.levels is not None and values["impute"] in ("mean", "median"):
        values["impute"] = "mode"
    return Rule(**values)


def _is_fill(one: Input, fill: Any) -> bool:
    if one.levels is not None:
        return isinstance(fill, str)
    # an integer may be too large for a double
    return isinstance(fill, int | float) and abs(fill) <= sys.float_info.max


def complete(X: Floats, inputs: Sequence[Input], rules: Sequence[Rule], takes_nan: bool) -> NDArray[np.bool_]:
    """Return which rows have every value that is needed and that no rule imputes, shape (n,).

    An algorithm that takes NaN needs none but those of encodings that have no column for it.
    """
    needed = [
        j
        for j, (one, rule) in enumerate(zip(inputs, rules, strict=True))
        if rule.impute == "none" and not (takes_nan and (one.levels is None or rule.encode == "ordinal"))
    ]
    return np.asarray(~np.isnan(X[:, needed]).any(axis=1))


def learn(
    X: Floats, y: Floats, inputs: Sequence[Input], rules: Sequence[Rule], task: str, seed: int
) -> tuple[Floats, list[Learned]]:
    """Return the columns that the estimator is fitted on, and what was learned, from the rows of a training.

    Target encoding is out of fold: a row's value comes from other rows than itself.
    """
    if all(one.levels is None for one in inputs) and all(rule == Rule(encode=rule.encode) for rule in rules):
        as_it_is = Learned(ENCODE_NUMBER, 0, float("nan"), 0.0, 1.0, np.zeros((0, 0)))
        return X, [as_it_is] * len(inputs)
    learned = []
    columns = []
    for j, (one, rule) in enumerate(zip(inputs, rules, strict=True)):
        what, own = _learn(np.ascontiguousarray(X[:, j]), y, one, rule, task, seed)
        learned.append(what)
        columns.append(own)
    return np.ascontiguousarray(np.hstack(columns)), learned


def apply(X: Floats, inputs: Sequence[Input], learned: Sequence[Learned]) -> Floats:
    """Return the columns that rows become by what was learned on others, as C makes them."""
    if all(what.is_plain for what in learned):
        return X
    columns = [
        transform(np.ascontiguousarray(X[:, j]), what, len(one.levels or []))
        for j, (one, what) in enumerate(zip(inputs, learned, strict=True))
    ]
    return np.ascontiguousarray(np.hstack(columns))


def _learn(x: Floats, y: Floats, one: Input, rule: Rule, task: str, seed: int) -> tuple[Learned, Floats]:
    if one.levels == []:
        raise WorkerError(f'feature "{one.name}" is NULL in every row', ROWS, "leave it out")
    flags = (FLAG_IMPUTE if rule.impute != "none" else 0) | (FLAG_INDICATOR if rule.indicator else 0)
    fill = _fill(x, one, rule)
    missing = np.isnan(x)
    filled = np.where(missing, fill, x) if missing.any() else x
    none = np.zeros((0, 0))
    if one.levels is None:
        center, scale = _scaling(filled, rule.scale)
        what = Learned(ENCODE_NUMBER, flags, fill, center, scale, none)
        return what, transform(x, what, 0)
    encode = ENCODE[rule.encode]
    if encode != ENCODE_TARGET:
        what = Learned(encode, flags, fill, 0.0, 1.0, none)
        return what, transform(x, what, len(one.levels))
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


def transform(x: Floats, what: Learned, levels: int) -> Floats:
    """Return the columns that an input becomes, shape (n, columns)."""
    missing = np.isnan(x)
    value = np.where(missing, what.fill, x) if what.flags & FLAG_IMPUTE and missing.any() else x
    if what.encode == ENCODE_NUMBER:
        columns = ((value - what.center) / what.scale)[:, None]
    elif what.encode == ENCODE_ONE_HOT:
        columns = (value[:, None] == np.arange(levels)).astype(float)
    elif what.encode == ENCODE_ORDINAL:
        columns = value[:, None]
    else:
        known = (value >= 0) & (value < levels)
        columns = what.values[np.where(known, value, levels).astype(int)]
    if what.flags & FLAG_INDICATOR:
        columns = np.hstack([columns, missing[:, None].astype(float)])
    return columns


def _fill(x: Floats, one: Input, rule: Rule) -> float:
    if rule.impute == "none":
        return float("nan")
    if rule.impute == "constant":
        return _constant(one, rule.fill)
    there = x[~np.isnan(x)]
    if not len(there):
        raise WorkerError(
            f'feature "{one.name}" is NULL in every row',
            ROWS,
            f'leave it out, or impute a constant: {{"{one.name}": {{"impute": "constant", "fill": 0}}}}',
        )
    if rule.impute == "mean":
        return float(there.mean())
    if rule.impute == "median":
        return float(np.median(there))
    values, counts = np.unique(there, return_counts=True)
    return float(values[counts.argmax()])


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
