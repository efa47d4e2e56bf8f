"""Checks of the rows of a fit, and what is unusual about rows that a library has failed on."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import numpy as np

from madpy.worker import memory
from madpy.worker.columns import Floats
from madpy.worker.errors import ROWS, WorkerError
from madpy.worker.prepared import Prepared

LARGEST_WEIGHT = 1e15
SMALLEST_SUM = 1e-15  # sum of the weights of a group
UNUSUAL = 1e15  # numbers beyond it, or below its inverse, may be why a fit failed
TELLING = (ValueError, np.linalg.LinAlgError)  # errors whose text is for users
UNIT = "give it in another unit: multiply or divide it by a constant"


def check_weights(weights: Floats) -> None:
    """Raise WorkerError for a weight below zero or too large; NaN is a row without one."""
    if (weights < 0).any():
        raise WorkerError(
            f"a weight is {weights[weights < 0][0]:g} in some row",
            "22003",
            "give weights that are finite and not negative",
        )
    if (weights > LARGEST_WEIGHT).any():
        raise WorkerError(
            f"a weight is {np.nanmax(weights):g} in some row, more than {LARGEST_WEIGHT:g}",
            "22003",
            "divide all weights by one number",
        )


def check_sum(weights: Floats) -> None:
    """Raise WorkerError for weights of a group, at least one of them not zero, whose sum is too small."""
    if len(weights) and weights.sum() < SMALLEST_SUM:
        raise WorkerError(
            f"the weights of all rows sum to {weights.sum():g}, less than {SMALLEST_SUM:g}",
            "22003",
            "multiply all weights by one number",
        )


def check_columns(peaks: Floats, names: Sequence[str], largest: float, algorithm: str) -> None:
    """Raise WorkerError for a peak, a column's, that an algorithm cannot compute with, or never ends with."""
    if (peaks > largest).any():
        at = int(np.nanargmax(peaks))
        raise WorkerError(
            f'feature "{names[at]}" is {peaks[at]:g} in some row, and {algorithm} takes {largest:g} at most',
            "22003",
            UNIT,
        )


def peaks_of(X: Floats) -> Floats:
    """Return the largest absolute value of each column, NaN where there is none."""
    if not len(X):
        return np.zeros(X.shape[1])
    return np.asarray(np.maximum(np.fmax.reduce(X, axis=0), -np.fmin.reduce(X, axis=0)))


@contextmanager
def rows_as_reason(X: Prepared, y: Floats, names: Sequence[str]) -> Iterator[None]:
    """Raise an error that says what is unusual about the rows, in place of one of a library in the block."""
    try:
        yield
    except Exception as error:
        if (known := _error_of_rows(error, X.whole, y, names)) is not None:
            raise known from error
        raise


def _error_of_rows(error: Exception, X: Floats, y: Floats, names: Sequence[str]) -> WorkerError | None:
    """Return an error that says what is unusual about the rows; None if the error is better as it is.

    The text of a library stays as the detail if it is meant for users.
    """
    if isinstance(error, WorkerError) or memory.is_reason_of(error):
        return None
    fact = _unusual(X, y, names)
    if fact is None:
        return None
    return WorkerError(
        f"the fit failed: {fact[0]}", ROWS, fact[1], str(error) if isinstance(error, TELLING) else None
    )


def _unusual(X: Floats, y: Floats, names: Sequence[str]) -> tuple[str, str] | None:
    """Return a fact about the rows and what to do about it, None if nothing is unusual."""
    peaks = peaks_of(X)
    missing = np.isnan(peaks)
    if missing.any():
        return f'feature "{names[int(missing.argmax())]}" is NULL in every row', "leave it out"
    if len(X) > 1 and (np.fmax.reduce(X, axis=0) == np.fmin.reduce(X, axis=0)).all():
        return "no feature has more than one value", "give features that differ from row to row"
    for name, peak in [
        *((f'feature "{name}"', one) for name, one in zip(names, peaks, strict=True)),
        *(("the target", one) for one in peaks_of(y)),
    ]:
        if peak > UNUSUAL:
            return f"{name} is {peak:g} in some row", UNIT
        if 0 < peak < 1 / UNUSUAL:
            return f"{name} is never larger than {peak:g}", UNIT
    return None
