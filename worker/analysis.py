"""Describes the columns of a training, for later comparisons with other rows."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from madpy.worker.moments import Moments
from madpy.worker.preparation import Input

Floats = NDArray[np.float64]
MOST_SAMPLED = 20_000  # rows for quantiles
QUANTILES = np.linspace(0, 1, 101)
MOST_LEVELS = 200


def described(columns: Sequence[Input], values: Floats, moments: Moments, seed: int) -> list[dict[str, Any]]:
    """Return a record of each column of `values`, shape (n, k), whose moments are known.

    Quantiles are those of a sample.
    """
    sample = np.ascontiguousarray(values[_some(len(values), seed)].T)
    return [
        {"name": one.name, **_number(moments, j, sample[j])}
        if one.levels is None
        else {"name": one.name, **_category(values[:, j], one.levels)}
        for j, one in enumerate(columns)
    ]


def _some(rows: int, seed: int) -> NDArray[np.int64]:
    """Return the numbers of a sample of rows: one at random from each of as many parts of equal length."""
    if rows <= MOST_SAMPLED:
        return np.arange(rows)
    draws = np.random.default_rng(seed).random(MOST_SAMPLED)
    return ((np.arange(MOST_SAMPLED) + draws) * (rows / MOST_SAMPLED)).astype(np.int64)


def _number(moments: Moments, j: int, sample: Floats) -> dict[str, Any]:
    count = int(moments.count[j])
    there = np.sort(sample[~np.isnan(sample)])
    deviation = (moments.squares[j] / (count - 1)) ** 0.5 if count > 1 else None
    places = QUANTILES * (len(there) - 1)
    quantiles = np.interp(places, np.arange(len(there)), there).tolist() if len(there) else None
    about = {
        "mean": moments.mean[j],
        "deviation": deviation,
        "min": moments.least[j],
        "max": moments.most[j],
    }
    known = {
        name: float(one) if count and one is not None and math.isfinite(one) else None
        for name, one in about.items()
    }
    return {"kind": "number", "count": count, "nulls": int(moments.nulls[j]), **known, "quantiles": quantiles}


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
