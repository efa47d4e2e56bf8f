"""Least squares, with or without a ridge penalty, from one product of the columns with themselves.

The coefficients solve the normal equations of centred columns of equal length, and are corrected by the
residuals (Bjorck, Numerical Methods for Least Squares Problems, 1996, sections 2.2.2 and 6.6.5).  Where the
equations are too close to singular for that, scikit-learn's fit takes over.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray
from scipy import linalg
from sklearn import linear_model

from madpy.worker.prepared import Prepared

Floats = NDArray[np.float64]
LEAST = 1e-8  # smallest eigenvalue of the scaled equations over the largest one: below, rounding is too much
FEWEST = 4  # rows for each column: with fewer, the equations take more memory than the rows
SAMPLED = 1000  # rows that say about where the means are
EXACT = ("auto", "cholesky")  # solvers of Ridge that solve the same equations


@runtime_checkable
class ByPieces(Protocol):
    """An estimator that is fitted on pieces of rows, one after the other, and predicts them so."""

    def fit_prepared(self, X: Prepared, y: Floats, sample_weight: Floats | None = None) -> object:
        """Fit the estimator; leave the attributes that its `fit` leaves."""

    def predict_prepared(self, X: Prepared) -> Floats:
        """Return predictions, shape (n,) or (n, t)."""


class Sums(NamedTuple):
    """Weighted means of columns and targets, and sums of products around them."""

    means: Floats  # shape (k + t, 1)
    products: Floats  # shape (k + t, k + t)


class Normal:
    """The rows of a fit: columns, targets of shape (n, t), and weights or None."""

    def __init__(self, rows: Prepared, y: Floats, weights: Floats | None, *, has_intercept: bool) -> None:
        self._rows = rows
        self._y = y.reshape(len(y), -1)
        self._weights = weights
        self._has_intercept = has_intercept

    def coefficients(self, alpha: float) -> tuple[Floats, Floats] | None:
        """Return coefficients, shape (k, t), and intercepts.

        Returns None if the equations are close to singular, or larger than a quarter of the rows.
        """
        k = self._rows.width
        if not 0 < FEWEST * k <= len(self._rows):
            return None
        with np.errstate(all="ignore"):  # squares of large numbers overflow
            sums = self._sums()
            length = np.sqrt(np.diag(sums.products)[:k])
            scaled = sums.products[:k, :k] / np.outer(length, length)
            np.fill_diagonal(scaled, 1 + alpha / length**2)
        if not (np.isfinite(sums.products).all() and np.isfinite(scaled).all()):
            return None
        values = linalg.eigvalsh(scaled)
        if not values[0] > LEAST * values[-1]:
            return None
        factor = linalg.cho_factor(scaled)

        def solve(right: Floats) -> Floats:
            scaled_back: Floats = linalg.cho_solve(factor, right / length[:, None])
            return scaled_back / length[:, None]

        coef = solve(sums.products[:k, k:])
        coef += solve(self._gradient(sums.means, coef) - alpha * coef)
        return coef, sums.means[k:, 0] - sums.means[:k, 0] @ coef

    def _pieces(self, center: Floats) -> Iterator[tuple[Floats, Floats | None]]:
        """Yield columns, targets and a row of ones, of some rows at once, around a center; and weights."""
        k, t = self._rows.width, self._y.shape[1]
        for first, piece in self._rows.chunks(t + 1):
            last = first + piece.shape[1]
            piece[k:-1] = self._y[first:last].T
            piece[:-1] -= center
            piece[-1] = 1
            yield piece, None if self._weights is None else self._weights[first:last]

    def _sums(self) -> Sums:
        """Return means and products, from sums around numbers that are about the means."""
        center = self._about()
        total = np.zeros((len(center) + 1,) * 2)
        for piece, weights in self._pieces(center):
            total += piece @ (piece if weights is None else piece * weights).T
        if not self._has_intercept:
            return Sums(center, total[:-1, :-1])
        step = total[:-1, -1:] / total[-1, -1]
        return Sums(center + step, total[:-1, :-1] - step @ total[-1:, :-1])

    def _about(self) -> Floats:
        """Return means over some of the rows, shape (k + t, 1): products around them lose no digits."""
        if not self._has_intercept:
            return np.zeros((self._rows.width + self._y.shape[1], 1))
        every = -(-len(self._rows) // SAMPLED)
        means = [self._rows.every(every).mean(axis=0), self._y[::every].mean(axis=0)]
        return np.concatenate(means)[:, None]

    def _gradient(self, means: Floats, coef: Floats) -> Floats:
        """Return the products of columns and residuals, shape (k, t)."""
        k = len(coef)
        result = np.zeros_like(coef)
        for piece, weights in self._pieces(means):
            residuals = piece[k:-1] - coef.T @ piece[:k]
            result += piece[:k] @ (residuals if weights is None else residuals * weights).T
        return result


class _LeastSquares:
    """Attributes of a fitted linear model, and its predictions."""

    coef_: Any
    intercept_: Any
    fit_intercept: bool

    def _set(self, solution: tuple[Floats, Floats], ndim: int, width: int) -> None:
        coef, intercepts = solution
        self.coef_ = coef[:, 0] if ndim == 1 else np.ascontiguousarray(coef.T)
        self.intercept_ = intercepts if ndim > 1 and self.fit_intercept else float(intercepts[0])
        self.n_features_in_ = width

    def predict_prepared(self, X: Prepared) -> Floats:
        """Return predictions, shape (n,) or (n, t)."""
        coef = np.atleast_2d(self.coef_)
        result = np.empty((len(coef), len(X)))
        for first, columns in X.chunks():
            np.matmul(coef, columns, out=result[:, first : first + columns.shape[1]])
        result += np.reshape(self.intercept_, (-1, 1))
        return result[0] if np.ndim(self.coef_) == 1 else result.T


class Linear(_LeastSquares, linear_model.LinearRegression):  # type: ignore[misc]
    """LinearRegression, by pieces where that loses no digits."""

    def fit_prepared(self, X: Prepared, y: Floats, sample_weight: Floats | None = None) -> None:
        """Fit the coefficients."""
        solution = None
        if not self.positive:
            solution = Normal(X, y, sample_weight, has_intercept=self.fit_intercept).coefficients(0.0)
        if solution is None:
            self.fit(X.whole, y, sample_weight)
            return
        self._set(solution, y.ndim, X.width)


class Ridge(_LeastSquares, linear_model.Ridge):  # type: ignore[misc]
    """Ridge, by pieces where that loses no digits."""

    def fit_prepared(self, X: Prepared, y: Floats, sample_weight: Floats | None = None) -> None:
        """Fit the coefficients."""
        solution = None
        if not self.positive and self.solver in EXACT:
            solution = Normal(X, y, sample_weight, has_intercept=self.fit_intercept).coefficients(self.alpha)
        if solution is None:
            self.fit(X.whole, y, sample_weight)
            return
        self._set(solution, y.ndim, X.width)
        self.n_iter_ = None
