"""Nearest neighbours: the estimator is scikit-learn's with its tree, and a device looks for the neighbours.

Distances are sums over the columns in order, as the tree has them.  Where rows are at the same distance, the
first ones count.
"""

import math
from typing import Any

import numpy as np

MOST_NUMBERS = 2**24  # distances that are in memory at the same time
FEW = 32  # neighbours up to which they are taken one by one; more are sorted
POWERS = {"manhattan": 1.0, "euclidean": 2.0, "chebyshev": math.inf, "minkowski": None}  # None: a parameter


def takes(estimator: Any) -> bool:
    """Tell whether the distance is one of those above, and `predict` asks `kneighbors`."""
    return estimator.metric in POWERS and estimator.algorithm == "kd_tree"


def fit(estimator: Any, device: Any, X: Any, y: Any, weights: Any) -> None:
    """Fit a KNeighborsRegressor or -Classifier, whose `predict` then asks the device for neighbours."""
    estimator.fit(X, y)
    power = POWERS[estimator.effective_metric_]
    if power is None:
        power = float(estimator.effective_metric_params_.get("p", 2))
    estimator.kneighbors = Nearest(device, X, power, estimator.n_neighbors)


class Nearest:
    """Takes the place of an estimator's `kneighbors`."""

    def __init__(self, device: Any, X: Any, power: float, k: int) -> None:
        self._device = device
        self._rows = device.put(X)
        self._numbers = device.put(np.arange(len(X)))
        self._power = power
        self._k = k

    def __call__(self, X: Any, n_neighbors: int | None = None, return_distance: bool = True) -> Any:
        """Return distances and numbers of the nearest rows, each (n, k), or the numbers alone."""
        k = n_neighbors or self._k
        step = max(1, MOST_NUMBERS // self._rows.shape[0])
        parts = [self._nearest(self._device.put(X[n : n + step]), k) for n in range(0, len(X), step)]
        distances, numbers = (np.concatenate(one) for one in zip(*parts, strict=True))
        return (distances, numbers) if return_distance else numbers

    def _nearest(self, points: Any, k: int) -> tuple[Any, Any]:
        xp = self._device.xp
        distances = self._distances(points)
        if k > FEW:
            order = xp.argsort(distances, axis=1, stable=True)[:, :k]
            lengths = xp.take_along_axis(distances, order, axis=1)
            return self._root(lengths), self._device.get(order)
        lengths, numbers = [], []
        for _ in range(k):
            numbers.append(xp.argmin(distances, axis=1))
            lengths.append(xp.min(distances, axis=1))
            is_taken = self._numbers[None, :] == numbers[-1][:, None]
            distances = xp.where(is_taken, xp.full_like(distances, math.inf), distances)
        return self._root(xp.stack(lengths, axis=1)), self._device.get(xp.stack(numbers, axis=1))

    def _distances(self, points: Any) -> Any:
        """Return what orders rows as their distances to points do, shape (points, rows)."""
        xp = self._device.xp
        total = xp.zeros((points.shape[0], self._rows.shape[0]), dtype=self._rows.dtype)
        for j in range(self._rows.shape[1]):
            gap = xp.abs(points[:, j][:, None] - self._rows[:, j][None, :])
            if self._power == math.inf:
                total = xp.maximum(total, gap)
                continue
            total = total + self._raised(gap)
        return total

    def _raised(self, gap: Any) -> Any:
        if self._power == 1:
            return gap
        return gap * gap if self._power == 2 else gap**self._power

    def _root(self, lengths: Any) -> Any:
        values = self._device.get(lengths)
        if self._power == 2:
            return np.sqrt(values)
        return values if self._power in (1.0, math.inf) else values ** (1 / self._power)
