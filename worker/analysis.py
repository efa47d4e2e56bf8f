"""Describes the columns of a training, for later comparisons with other rows."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from madpy.worker.preparation import Input

Floats = NDArray[np.float64]
CHUNK = 4096  # rows that are in the processor's cache at once
MOST_SAMPLED = 20_000  # rows for quantiles
QUANTILES = np.linspace(0, 1, 101)
MOST_LEVELS = 200


def described(columns: Sequence[Input], values: Floats, seed: int) -> list[dict[str, Any]]:
    """Return a record of each column of `values`, shape (n, k).

    Counts and moments are those of all rows, quantiles those of a sample.
    """
    numbers = _moments(values)
    some = np.arange(len(values))
    if len(values) > MOST_SAMPLED:
        some = np.sort(np.random.default_rng(seed).choice(len(values), MOST_SAMPLED, replace=False))
    sample = values[some]
    return [
        {"name": one.name, **_number({name: figures[j] for name, figures in numbers.items()}, sample[:, j])}
        if one.levels is None
        else {"name": one.name, **_category(values[:, j], one.levels)}
        for j, one in enumerate(columns)
    ]


def _moments(values: Floats) -> dict[str, Floats]:
    """Return count, mean, sum of squares around it, least and largest of each column, of values not NaN.

    Chunks are merged by the formula of Chan, Golub & LeVeque (1983).
    """
    k = values.shape[1]
    count, mean, squares = np.zeros(k), np.zeros(k), np.zeros(k)
    least, most = np.full(k, math.inf), np.full(k, -math.inf)
    with np.errstate(all="ignore"):  # columns without a value, and squares that overflow
        for start in range(0, len(values), CHUNK):
            part = np.array(values[start : start + CHUNK].T, order="C")  # a copy: its rows are summed faster
            own, center, around, low, high = _chunk(part)
            step, both = center - mean, np.maximum(count + own, 1)
            squares += around + step * step * count * own / both
            mean += step * own / both
            count += own
            least, most = np.fmin(least, low), np.fmax(most, high)
    nulls = len(values) - count
    return {"count": count, "nulls": nulls, "mean": mean, "squares": squares, "min": least, "max": most}


def _chunk(part: Floats) -> tuple[Floats, Floats, Floats, Floats, Floats]:
    """Return count, mean, squares around it, least and largest of each row of a chunk, which is changed."""
    own = np.full(len(part), float(part.shape[1]))
    total = part.sum(axis=1)
    low, high = part.min(axis=1), part.max(axis=1)
    if np.isnan(total).any():
        missing = np.isnan(part)
        own -= missing.sum(axis=1)
        low, high = np.fmin.reduce(part, axis=1), np.fmax.reduce(part, axis=1)
        total = np.where(missing, 0, part).sum(axis=1)
    center = total / np.maximum(own, 1)
    part -= center[:, None]
    if (own < part.shape[1]).any():
        part[np.isnan(part)] = 0
    return own, center, np.einsum("ij,ij->i", part, part), low, high


def _number(figures: dict[str, Any], sample: Floats) -> dict[str, Any]:
    count = int(figures["count"])
    there = np.sort(sample[~np.isnan(sample)])
    deviation = (figures["squares"] / (count - 1)) ** 0.5 if count > 1 else None
    quantiles = np.quantile(there, QUANTILES).tolist() if len(there) else None
    about = {"mean": figures["mean"], "deviation": deviation, "min": figures["min"], "max": figures["max"]}
    known = {
        name: float(one) if count and one is not None and math.isfinite(one) else None
        for name, one in about.items()
    }
    return {"kind": "number", "count": count, "nulls": int(figures["nulls"]), **known, "quantiles": quantiles}


def _category(codes: Floats, levels: list[str]) -> dict[str, Any]:
    """Return the counts of the commonest levels, and of the rest together."""
    there = codes[~np.isnan(codes)].astype(int)
    counts = np.bincount(there, minlength=len(levels))
    commonest = np.argsort(-counts, kind="stable")[:MOST_LEVELS]
    return {
        "kind": "category",
        "count": len(there),
        "nulls": len(codes) - len(there),
        "levels": {levels[code]: int(counts[code]) for code in commonest if counts[code]},
        "rest": int(counts.sum() - counts[commonest].sum()),
    }
