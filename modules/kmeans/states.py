"""Parameters and states of the kernels of kmeans.c and kmeans_sample.c as numpy arrays."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from madpy.modules.kmeans.core import Array
from madpy.modules.kmeans.layout import (
    PARAMS_HEAD,
    SAMPLE_HEAD,
    SUM_PARTS,
    SUMS_EXTRA,
    UNIT_BITS,
    KeptArray,
    Metric,
    Mode,
    Param,
    Sum,
    kept_array,
    params_size,
    sums_size,
)
from madpy.ports.postgres.scan.states import States

UNIT = 2.0 ** (1 - 2 * UNIT_BITS)  # rounding of a sum's numbers is below this share of their bound

Part = TypeVar("Part")


@dataclass(frozen=True)
class Kept:
    """Distinct rows that a kernel keeps, in the order of its choice; zeros fill the arrays up."""

    rows: Array  # (G, m, d)
    times: Array  # (G, m), how often each occurs; 0 for padding


@dataclass(frozen=True)
class Sample:
    """The result of the first pass, without centroids: counts, ranges, and a sample of the rows."""

    rows_used: NDArray[np.int64]  # (G,)
    rows_skipped: NDArray[np.int64]  # (G,)
    low: Array  # (G, d): the smallest value of each feature; 0 where there are no rows
    high: Array  # (G, d)
    weight: Array  # (G,): the largest weight; 1 where rows have none
    bounds: Array  # (G, c): bound of the absolute value of each column, including a weight
    kept: Kept

    @classmethod
    def read(cls, states: States, size: int, d: int, weighted: bool) -> "Sample":
        groups, columns = len(states.rows_used), d + weighted
        if states.rows_used.any():
            body = states.body[:, SAMPLE_HEAD + size :]
            some = states.rows_used[:, None] > 0
            low, high = (np.where(some, body[:, n * columns :][:, :columns], 0) for n in (0, 1))
            kept_rows = _kept(body[:, 2 * columns :], size, d)
        else:
            low = high = np.zeros((groups, columns))
            kept_rows = Kept(np.zeros((groups, size, d)), np.zeros((groups, size)))
        weight = high[:, d] if weighted else np.ones(groups)
        bounds = np.maximum(np.abs(low), np.abs(high))
        return cls(states.rows_used, states.rows_skipped, low[:, :d], high[:, :d], weight, bounds, kept_rows)


@dataclass(frozen=True)
class Assignment:
    """The result of a pass: sums over the rows of each centroid; a row of weight 3 counts as three rows."""

    sizes: Array  # (G, k): the number of rows, or the sum of their weights
    sums: Array  # (G, k, d)
    distances: Array  # (G, k)
    silhouettes: Array  # (G, k)
    kept: Kept  # empty, m = 0, in modes that keep no rows

    @classmethod
    def read(cls, states: States, k: int, d: int, weighted: bool, mode: Mode) -> "Assignment":
        body = states.body[:, params_size(k, d, int(weighted)) :]
        size = sums_size(k, d)
        parts = body[:, :size].reshape(len(body), k, d + SUMS_EXTRA, SUM_PARTS)
        sums = parts[..., 0] + (parts[..., 1] + parts[..., 2] + parts[..., 3])
        kept_rows = _kept(body[:, size:], k if mode in (Mode.FARTHEST, Mode.DRAW) else 0, d)
        return cls(
            sizes=sums[..., d + Sum.SUM_ONES],
            sums=sums[..., :d],
            distances=sums[..., d + Sum.SUM_DISTANCE],
            silhouettes=sums[..., d + Sum.SUM_SILHOUETTE],
            kept=kept_rows,
        )


def joined(parts: Sequence[Part]) -> Part:
    """Join arrays, or objects of arrays, of parts of the groups into one for all groups."""

    def join(parts: Sequence[Any]) -> Any:
        if isinstance(parts[0], np.ndarray):
            return np.concatenate(parts)
        names = [field.name for field in fields(parts[0])]
        return type(parts[0])(*(join([getattr(part, name) for part in parts]) for name in names))

    whole: Part = join(parts)
    return whole


def sample_parameters(seed: int, size: int) -> Array:
    """Return parameters of the kernel "kmeans_sample", shape (SAMPLE_HEAD + size,)."""
    return np.concatenate([[float(seed)], np.zeros(size)])


def parameters(metric: str, mode: int, seed: int, bounds: Array, reach: Array, centroids: Array) -> Array:
    """Return parameters, (G, p): column bounds, (G, c), distance bounds, (G,), and centroids, (G, k, d)."""
    groups = len(centroids)
    head = np.empty((groups, PARAMS_HEAD))
    head[:, Param.PARAM_METRIC] = Metric[metric.upper()]
    head[:, Param.PARAM_MODE] = mode
    head[:, Param.PARAM_SEED] = seed
    head[:, Param.PARAM_FARTHEST] = reach
    return np.concatenate([head, bounds, centroids.reshape(groups, -1)], axis=1)


def farthest_distances(metric: str, low: Array, high: Array, centroids: Array) -> Array:
    """Return a bound for the distance of any row from any centroid, shape (G,); 0 for the cosine: unknown."""
    if metric == "cosine":
        return np.zeros(len(centroids))
    away = np.maximum(np.abs(centroids - low[:, None]), np.abs(centroids - high[:, None]))
    most = np.where(np.isnan(away), 0, away).max(axis=1)
    bound: Array = (most if metric == "manhattan" else most**2).sum(axis=1)
    return bound


def nearer(metric: str, reach: Array, inertia: Array, way: Array, weight: Array) -> Array:
    """Return a bound for the distance of any row from its nearest centroid after moves of at most `way`.

    No row was farther than the sum of all distances; `reach`, the bound before, limits the error of rounding.
    Distances are times weights, of which `weight` is the largest.
    """
    most, way = inertia + reach * UNIT, way * weight
    bound: Array = most + way if metric == "manhattan" else (np.sqrt(most) + np.sqrt(way)) ** 2
    return np.minimum(reach, bound)


def _kept(body: Array, size: int, d: int) -> Kept:
    order, _, times, rows = (body[:, kept_array(number, size) :] for number in KeptArray)
    there = np.arange(size) < body[:, :1]
    slots = np.where(there, order[:, :size], 0).astype(np.int64)
    times = np.take_along_axis(times[:, :size], slots, axis=1)
    rows = rows[:, : size * d].reshape(len(body), size, d)
    rows = rows[np.arange(len(body))[:, None], slots]
    rows[~there] = 0
    return Kept(rows, np.where(there, times, 0))
