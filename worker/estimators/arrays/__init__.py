"""Fits over arrays of any module that keeps to the array API standard: CuPy on a GPU, numpy in tests.

Each fits an estimator of scikit-learn as its own `fit` does, and leaves the same attributes, arrays of numpy.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from madpy.worker.estimators.arrays import dispatch, kmeans, least_squares, neighbors

Run = Callable[..., None]  # (estimator, device, X, y, weights); y and weights may be None


@dataclass(frozen=True)
class Fit:
    """A fit, and for which hyperparameters it is one."""

    run: Run
    takes: Callable[[Any], bool]


FITS = {
    ("linear", "regression"): Fit(least_squares.fit_linear, least_squares.takes_linear),
    ("ridge", "regression"): Fit(least_squares.fit_ridge, least_squares.takes_ridge),
    ("kmeans", "clustering"): Fit(kmeans.fit, lambda estimator: True),
    ("nearest_neighbors", "regression"): Fit(neighbors.fit, neighbors.takes),
    ("nearest_neighbors", "classification"): Fit(neighbors.fit, neighbors.takes),
    # Names of algorithms that scikit-learn itself computes with such arrays.
    ("pca", "decomposition"): Fit(dispatch.fit, dispatch.takes),
    ("linear", "classification"): Fit(dispatch.fit, dispatch.takes),
    ("lda", "classification"): Fit(dispatch.fit, dispatch.takes_lda),
    ("naive_bayes", "classification"): Fit(dispatch.fit, dispatch.takes),
}


def fit_of(name: str, task: str, estimator: Any) -> Run | None:
    """Return the fit of an estimator over arrays of a device; None where only scikit-learn has one."""
    fit = FITS.get((name, task))
    return fit.run if fit is not None and fit.takes(estimator) else None
