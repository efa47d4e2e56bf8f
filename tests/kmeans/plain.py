"""The greedy k-means++ as it is defined, with numpy: what modules/kmeans/kmeans_seeds.c has to draw."""

import numpy as np

from madpy.modules.kmeans.core import Array, distances, uniforms


def plus_plus(points: Array, weights: Array, k: int, metric: str, seed: int) -> Array:
    """k of the points as first centroids, shape (G, k, d); NaN where there are no more distinct ones.

    points: shape (G, m, d); weights: (G, m), 0 for points that are not there.  Each next one is drawn with a
    probability of its weight times its distance to the nearest before, the best of a few draws.
    Source: Arthur & Vassilvitskii (2007), k-means++: the advantages of careful seeding, the greedy variant.
    """
    trials = 2 + int(np.log(k))
    numbers = uniforms(seed, k * trials).reshape(k, trials)
    seeds = np.full((len(points), k, points.shape[2]), np.nan)
    nearest = np.full(weights.shape, np.finfo(np.float64).max)  # not infinite: some weights are 0
    for c, draws in enumerate(numbers):
        mass = np.cumsum(weights * nearest if c > 0 else weights, axis=1)
        some = mass[:, -1] > 0
        best = np.full(len(points), np.inf)
        best_nearest = nearest
        for draw in draws[: None if c > 0 else 1]:
            pick = np.minimum((mass <= draw * mass[:, -1:]).sum(axis=1), weights.shape[1] - 1)
            seed = points[np.arange(len(points)), pick]
            after = np.minimum(nearest, distances(points, seed[:, None, :], metric))
            left = (weights * after).cumsum(axis=1)[:, -1]
            better = some & (left < best)
            seeds[better, c] = seed[better]
            best = np.where(better, left, best)
            best_nearest = np.where(better[:, None], after, best_nearest)
        nearest = best_nearest
    return seeds
