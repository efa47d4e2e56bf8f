"""k-means: draws, centroids, and how far they move.  Pure: numpy only.

Arrays hold a row per group: G groups, k clusters, d features, m points of a sample.  A centroid of NaN
stands for none.  For the cosine distance rows and centroids have length 1; 1 - x c is |x - c|^2 / 2.
Sums run in one order, so that the same points give the same bits.
"""

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

METRICS = ("squared_euclidean", "cosine", "manhattan")


def uniforms(seed: int, count: int) -> Array:
    """Return `count` numbers from 0 to below 1, always the same for a seed.

    Source: Steele, Lea & Flood (2014), Fast splittable pseudorandom number generators: SplitMix64.
    """
    steps = np.arange(1, count + 1, dtype=np.uint64)
    z = np.uint64(seed & 0xFFFFFFFFFFFFFFFF) + steps * np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return ((z ^ (z >> np.uint64(31))) >> np.uint64(11)).astype(np.float64) * 2.0**-53


def unit(points: Array) -> Array:
    """Divide points by their length; a point of zeros stays as it is."""
    length = np.sqrt(_summed(points * points))[..., None]
    return np.divide(points, length, out=np.zeros_like(points), where=length > 0)


def distances(points: Array, others: Array, metric: str) -> Array:
    """Return distances between `points` and `others`, shapes (..., d) that broadcast to shape (...)."""
    total: Array = np.zeros(())
    for j in range(points.shape[-1]):
        difference = points[..., j] - others[..., j]
        total = total + (np.abs(difference) if metric == "manhattan" else difference * difference)
    return total / 2 if metric == "cosine" else total


def means(sizes: Array, sums: Array, old: Array, metric: str) -> Array:
    """Return the centroids of clusters, shape (G, k, d), from sizes (G, k) and sums; `old` for empty ones."""
    centroids = np.divide(sums, sizes[..., None], out=old.copy(), where=sizes[..., None] > 0)
    if metric != "cosine":
        return centroids
    directed = unit(centroids)
    return np.where((directed != 0).any(axis=-1, keepdims=True), directed, old)


def moves(old: Array, new: Array, metric: str) -> Array:
    """Return the longest distance that a centroid of each group moves, shape (G,)."""
    way = distances(old, new, metric)
    longest: Array = np.where(np.isnan(way), 0, way).max(axis=1)
    return longest


def limits(inertia: Array, rows: Array, tolerance: float, metric: str) -> Array:
    """Return the move below which iterations end, shape (G,): `tolerance` times the mean distance.

    For squared distances the root of their mean is taken.  rows: their number, or the sum of their weights.
    """
    part = tolerance if metric == "manhattan" else tolerance**2
    limit: Array = part * inertia / np.where(rows > 0, rows, 1)
    return limit


def _summed(values: Array) -> Array:
    """Return sums over the last axis, added from its first element to its last."""
    total: Array = values[..., 0].copy()
    for j in range(1, values.shape[-1]):
        total += values[..., j]
    return total
