"""Linear regression with or without a ridge penalty: the singular values of a triangular factor.

X = QR and R = U diag(s) V', so that the coefficients are V diag(s / (s^2 + alpha)) U'Q'y: Golub and Van Loan,
Matrix Computations, 4th ed., sections 5.5 and 6.1.
"""

from typing import Any

EXACT = ("auto", "svd", "cholesky")  # solvers of Ridge whose result does not depend on a tolerance
LEAST = 1e-15  # singular values that count, as in scikit-learn's solver "svd"


def takes_linear(estimator: Any) -> bool:
    """Tell whether the coefficients may have any sign."""
    return not estimator.positive


def takes_ridge(estimator: Any) -> bool:
    """Tell whether the coefficients may have any sign and the solver is an exact one."""
    return not estimator.positive and estimator.solver in EXACT


def fit_linear(estimator: Any, device: Any, X: Any, y: Any, weights: Any) -> None:
    """Fit a LinearRegression: least squares, of minimal norm where singular values are below its `tol`."""
    _fit(estimator, device, X, y, weights, 0.0, lambda s: s > estimator.tol * s[0])


def fit_ridge(estimator: Any, device: Any, X: Any, y: Any, weights: Any) -> None:
    """Fit a Ridge."""
    _fit(estimator, device, X, y, weights, estimator.alpha, lambda s: s > LEAST)
    estimator.n_iter_ = None


def _fit(estimator: Any, device: Any, X: Any, y: Any, weights: Any, alpha: float, is_counted: Any) -> None:
    rows, targets = device.put(X), device.put(y.reshape(len(y), -1))
    scale = None if weights is None else device.put(weights)
    row_mean, target_mean = 0.0, 0.0
    if estimator.fit_intercept:
        row_mean, target_mean = _mean(device, rows, scale), _mean(device, targets, scale)
        rows, targets = rows - row_mean, targets - target_mean
    if scale is not None:
        root = device.xp.sqrt(scale)[:, None]
        rows, targets = rows * root, targets * root
    coef = _coefficients(device.xp, rows, targets, alpha, is_counted)
    intercept = target_mean - row_mean @ coef if estimator.fit_intercept else None
    estimator.coef_ = device.get(coef).T.copy()
    estimator.intercept_ = 0.0 if intercept is None else device.get(intercept)
    if y.ndim == 1:
        estimator.coef_ = estimator.coef_[0]
        estimator.intercept_ = 0.0 if intercept is None else estimator.intercept_[0]
    estimator.n_features_in_ = X.shape[1]


def _mean(device: Any, values: Any, weights: Any) -> Any:
    """Return the mean of each column, shape (k,)."""
    if weights is None:
        return device.xp.mean(values, axis=0)
    return weights @ values / device.xp.sum(weights)


def _coefficients(xp: Any, X: Any, y: Any, alpha: float, is_counted: Any) -> Any:
    """Return the coefficients, shape (columns, targets)."""
    Q, R = xp.linalg.qr(X)
    U, s, Vt = xp.linalg.svd(R, full_matrices=False)
    counted = is_counted(s)
    safe = xp.where(counted, s, xp.ones_like(s))
    factors = xp.where(counted, safe / (safe * safe + alpha), xp.zeros_like(s))
    return Vt.T @ (factors[:, None] * (U.T @ (Q.T @ y)))
