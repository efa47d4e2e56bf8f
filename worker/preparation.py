"""Preprocessing: imputing, scaling, encoding, by rules and by what is learned on the rows of a training.

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

from madpy.worker.errors import WorkerError
from madpy.worker.layout import (
    ENCODE_NUMBER,
    ENCODE_ONE_HOT,
    ENCODE_ORDINAL,
    ENCODE_TARGET,
    FLAG_IMPUTE,
    FLAG_INDICATOR,
)

Floats = NDArray[np.float64]
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
