"""k-means by Lloyd's iterations, with the random numbers and the rules of scikit-learn's KMeans.

Elkan's variant has the same result, so that both run here as Lloyd's.
"""

import math
import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import check_random_state

MOST_NUMBERS = 2**24  # distances that are in memory at the same time
RANDOM_STARTS = 10  # n_init "auto" of init "random"


@dataclass(frozen=True)
class Result:
    """One run: labels (n,) and centers (k, columns), arrays of the device."""

    labels: Any
    centers: Any
    inertia: float
    iterations: int


def fit(estimator: Any, device: Any, X: Any, y: Any, weights: Any) -> None:
    """Fit a KMeans: the best of its runs."""
    rows, k = len(X), estimator.n_clusters
    if rows < k:
        raise ValueError(f"n_samples={rows} should be >= n_clusters={k}.")
    weights = np.ones(rows) if weights is None else np.asarray(weights, float)
    problem = Problem(device, device.put(X), weights)
    random = check_random_state(estimator.random_state)
    starts = estimator.n_init
    if starts == "auto":
        starts = RANDOM_STARTS if estimator.init == "random" else 1
    tolerance = problem.tolerance(estimator.tol)
    best = None
    for _ in range(starts):
        first = problem.spread(k, random) if estimator.init == "k-means++" else problem.drawn(k, random)
        result = problem.run(first, estimator.max_iter, tolerance)
        if best is None or (result.inertia < best.inertia and not problem.are_same(result, best)):
            best = result
    assert best is not None
    estimator.cluster_centers_ = device.get(best.centers + problem.mean)
    estimator.labels_ = device.get(best.labels).astype(np.int32)
    estimator.inertia_, estimator.n_iter_ = best.inertia, best.iterations
    estimator.n_features_in_ = X.shape[1]
    estimator._n_features_out, estimator._n_threads = k, 1  # for its predict and transform
    distinct = len(np.unique(estimator.labels_))
    if distinct < k:
        text = f"{distinct} distinct clusters for n_clusters={k}: rows may be equal to each other"
        warnings.warn(text, ConvergenceWarning, stacklevel=2)


class Problem:
    """Rows less their mean, and what runs from different centers share."""

    def __init__(self, device: Any, X: Any, weights: Any) -> None:
        xp = self._xp = device.xp
        self._device = device
        self._variance = float(xp.mean(xp.var(X, axis=0)))
        self.mean = xp.mean(X, axis=0)
        self._X = X - self.mean
        self._squares = xp.sum(self._X * self._X, axis=1)
        self._chances = weights / weights.sum()
        self._weights = device.put(weights)

    def tolerance(self, relative: float) -> float:
        """Return the squared shift of the centers below which a run has converged."""
        return relative * self._variance

    def drawn(self, k: int, random: Any) -> Any:
        """Return k rows drawn at random."""
        numbers = random.choice(len(self._chances), size=k, replace=False, p=self._chances)
        return self._rows(numbers)

    def spread(self, k: int, random: Any) -> Any:
        """Return k rows far from each other: greedy k-means++."""
        xp = self._xp
        trials = 2 + int(math.log(k))
        numbers = [int(random.choice(len(self._chances), p=self._chances))]
        nearest = self._distances(self._rows(np.array(numbers)))
        total = float((nearest @ self._weights)[0])
        for _ in range(1, k):
            draws = self._device.put(random.uniform(size=trials) * total)
            sums = xp.cumulative_sum(self._weights * nearest[0, :])
            tried = np.minimum(self._device.get(xp.searchsorted(sums, draws)), len(self._chances) - 1)
            distances = xp.minimum(nearest, self._distances(self._rows(tried)))
            totals = self._device.get(distances @ self._weights)
            best = int(totals.argmin())
            total, nearest = float(totals[best]), distances[best : best + 1, :]
            numbers.append(int(tried[best]))
        return self._rows(np.array(numbers))

    def run(self, centers: Any, most: int, tolerance: float) -> Result:
        """Move the centers to the means of their rows until labels or centers stay."""
        xp = self._xp
        before = None
        has_settled = False
        iterations = 0
        while not has_settled and iterations < most:
            iterations += 1
            labels, sums, counts = self._assign(centers)
            moved = self._means(centers, labels, sums, counts)
            shift = float(xp.sum((moved - centers) ** 2))
            has_settled = before is not None and bool(xp.all(labels == before))
            centers, before = moved, labels
            if shift <= tolerance:
                break
        labels = before if has_settled else self._assign(centers)[0]
        return Result(labels, centers, self._inertia(centers, labels), iterations)

    def are_same(self, one: Result, other: Result) -> bool:
        """Tell whether two runs have the same clusters, whatever their numbers."""
        pairs = one.labels * other.centers.shape[0] + other.labels
        return len(np.unique(self._device.get(pairs))) == len(np.unique(self._device.get(one.labels)))

    def _rows(self, numbers: Any) -> Any:
        return self._xp.take(self._X, self._device.put(numbers), axis=0)

    def _distances(self, points: Any) -> Any:
        """Return squared distances of points to all rows, shape (points, rows)."""
        xp = self._xp
        own = xp.sum(points * points, axis=1)
        distances = own[:, None] - 2.0 * (points @ self._X.T) + self._squares[None, :]
        return xp.where(distances > 0, distances, xp.zeros_like(distances))

    def _blocks(self, k: int) -> list[slice]:
        """Return blocks of rows, whose distances to k centers are few enough."""
        rows, step = len(self._chances), max(1, MOST_NUMBERS // k)
        return [slice(start, min(start + step, rows)) for start in range(0, rows, step)]

    def _assign(self, centers: Any) -> tuple[Any, Any, Any]:
        """Return the nearest center of each row, and sums and weights of the rows of each center."""
        xp = self._xp
        k = centers.shape[0]
        own = xp.sum(centers * centers, axis=1)
        numbers = self._device.put(np.arange(k))
        labels, sums, counts = [], 0.0, 0.0
        for block in self._blocks(k):
            X = self._X[block, :]
            labels.append(xp.argmin(own[None, :] - 2.0 * (X @ centers.T), axis=1))
            is_own = xp.asarray(labels[-1][:, None] == numbers[None, :], dtype=X.dtype)
            shares = is_own * self._weights[block][:, None]
            sums = sums + shares.T @ X
            counts = counts + xp.sum(shares, axis=0)
        return xp.concat(labels), sums, counts

    def _means(self, centers: Any, labels: Any, sums: Any, counts: Any) -> Any:
        """Return the means of the rows of each center; one without rows takes the farthest row."""
        totals, weights = self._device.get(sums).copy(), self._device.get(counts).copy()
        empty = np.flatnonzero(weights == 0)
        if len(empty):
            self._relocate(centers, labels, totals, weights, empty)
        largest = totals[weights.argmax()] / weights.max()
        divisors = np.where(weights > 0, weights, 1.0)[:, None]
        return self._device.put(np.where(weights[:, None] > 0, totals / divisors, largest))

    def _relocate(self, centers: Any, labels: Any, totals: Any, weights: Any, empty: Any) -> None:
        """Give each empty center one of the rows that are farthest from theirs."""
        gaps = self._X - self._xp.take(centers, labels, axis=0)
        distances = self._device.get(self._xp.sum(gaps * gaps, axis=1))
        if distances.max() == 0:
            return
        farthest = np.argpartition(distances, -len(empty))[: -len(empty) - 1 : -1]
        rows = self._device.get(self._rows(farthest))
        before = self._device.get(self._xp.take(labels, self._device.put(farthest)))
        shares = self._device.get(self._xp.take(self._weights, self._device.put(farthest)))
        for new, old, row, share in zip(empty, before, rows, shares, strict=True):
            totals[old] -= row * share
            totals[new] = row * share
            weights[new] = share
            weights[old] -= share

    def _inertia(self, centers: Any, labels: Any) -> float:
        gaps = self._X - self._xp.take(centers, labels, axis=0)
        return float(self._xp.sum(self._xp.sum(gaps * gaps, axis=1) * self._weights))
