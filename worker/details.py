"""Figures of a fitted estimator that a person reads: coefficients, importances, iterations."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from madpy.worker.layout import ENCODE_ONE_HOT, ENCODE_TARGET, FLAG_INDICATOR
from madpy.worker.preparation import Input, Learned

MOST_NUMBERS = 1000  # limit for each figure: programs read longer ones from the model


def names_of(inputs: Sequence[Input], learned: Sequence[Learned]) -> list[str]:
    """Return a name for each column that the estimator was fitted on: "kind=a" for a level's indicator."""
    names = []
    for one, what in zip(inputs, learned, strict=True):
        if what.encode == ENCODE_ONE_HOT:
            names += [f"{one.name}={level}" for level in one.levels or []]
        elif what.encode == ENCODE_TARGET and what.values.shape[1] > 1:
            names += [f"{one.name}[{n + 1}]" for n in range(what.values.shape[1])]
        else:
            names.append(one.name)
        if what.flags & FLAG_INDICATOR:
            names.append(f"{one.name} is null")
    return names


def details_of(estimator: Any, names: Sequence[str]) -> dict[str, Any]:
    """Return what the estimator says of itself; figures with more than MOST_NUMBERS numbers are left out."""
    details = {
        "coef": _by_name(getattr(estimator, "coef_", None), names),
        "intercept": _numbers(getattr(estimator, "intercept_", None)),
        "importances": _by_name(getattr(estimator, "feature_importances_", None), names),
        "explained_variance_ratio": _numbers(getattr(estimator, "explained_variance_ratio_", None)),
        "num_iterations": _numbers(getattr(estimator, "n_iter_", None)),
        "inertia": _numbers(getattr(estimator, "inertia_", None)),
        "oob_score": _numbers(getattr(estimator, "oob_score_", None)),
    }
    return {name: value for name, value in details.items() if value is not None}


def _by_name(values: Any, names: Sequence[str]) -> Any:
    numbers = _numbers(values)
    if not isinstance(numbers, list) or np.shape(numbers)[-1] != len(names):
        return None
    if np.ndim(numbers) == 1:
        return dict(zip(names, numbers, strict=True))
    rows = [dict(zip(names, row, strict=True)) for row in np.reshape(numbers, (-1, len(names))).tolist()]
    return rows[0] if len(rows) == 1 else rows


def _numbers(values: Any) -> Any:
    """Return numbers as JSON has them, counts as integers; None for anything else, or for too many."""
    array = np.asarray(values)
    if array.dtype.kind not in "iuf" or not 0 < array.size <= MOST_NUMBERS or not np.isfinite(array).all():
        return None
    return array.tolist()
