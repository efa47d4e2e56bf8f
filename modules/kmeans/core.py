"""k-means: draws, centroids, and how far they move.  Pure: numpy only.

Arrays hold a row per group: G groups, k clusters, d features, m points of a sample.  A centroid of NaN is a
place that is not used.  For the cosine distance rows and centroids have length 1; 1 - x c is |x - c|^2 / 2.
Sums run in one order, so that the same points give the same bits.
"""

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

METRICS = ("squared_euclidean", "cosine", "manhattan")


def uniforms(seed: int, count: int) -> Array:
    """`count` numbers from 0 to below 1, always the same for a seed.

    Source: Steele, Lea & Flood (2014), Fast splittable pseudorandom number generators: SplitMix64.
    """
    steps = np.arange(1, count + 1, dtype=np.uint64)
    z = np.uint64(seed & 0xFFFFFFFFFFFFFFFF) + steps * np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return ((z ^ (z >> np.uint64(31))) >> np.uint64(11)).astype(np.float64) * 2.0**-53


def unit(points: Array) -> Array:
    """Points divided by their length; zeros stay zeros."""
    length = np.sqrt(_summed(points * points))[..., None]
    return np.divide(points, length, out=np.zeros_like(points), where=length > 0)


def distances(points: Array, others: Array, metric: str) -> Array:
    """The distance of each of `points` to `others`, shapes (..., d) that broadcast: shape (...)."""
    total: Array = np.zeros(())
    for j in range(points.shape[-1]):
        difference = points[..., j] - others[..., j]
        total = total + (np.abs(difference) if metric == "manhattan" else difference * difference)
    return total / 2 if metric == "cosine" else total


def means(sizes: Array, sums: Array, old: Array, metric: str) -> Array:
    """The centroids of clusters, shape (G, k, d), from sizes (G, k) and sums; an empty one stays."""
    centroids = np.divide(sums, sizes[..., None], out=old.copy(), where=sizes[..., None] > 0)
    if metric != "cosine":
        return centroids
    directed = unit(centroids)
    return np.where((directed != 0).any(axis=-1, keepdims=True), directed, old)


def moves(old: Array, new: Array, metric: str) -> Array:
    """The longest way of a centroid of each group, shape (G,), as a distance."""
    way = distances(old, new, metric)
    longest: Array = np.where(np.isnan(way), 0, way).max(axis=1)
    return longest


def limits(inertia: Array, rows: Array, tolerance: float, metric: str) -> Array:
    """How far centroids may move and still stand still, shape (G,): `tolerance` times the mean distance.

    With squared distances, of the root of their mean.  rows: how many there are, or the sum of their weights.
    """
    part = tolerance if metric == "manhattan" else tolerance**2
    limit: Array = part * inertia / np.where(rows > 0, rows, 1)
    return limit


def _summed(values: Array) -> Array:
    """Sums over the last axis, from its first element to its last."""
    total: Array = values[..., 0].copy()
    for j in range(1, values.shape[-1]):
        total += values[..., j]
    return total
