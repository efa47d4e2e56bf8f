"""Inference for linear regression from coefficients and their covariance.  Pure: numpy and scipy.special.

Arrays hold one row per group: G groups, k coefficients; an aliased coefficient is NaN.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Inference:
    """Standard errors in units of the coefficients, t statistics, two-sided p-values, shape (G, k)."""

    std_err: Array
    t_stats: Array
    p_values: Array


def hc1(sandwich: Array, num_rows: Array, df_residual: Array) -> Array:
    """Heteroskedasticity-consistent covariance HC1, shape (G, k, k): n / (n - k) times White's estimator.

    Source: MacKinnon & White (1985), Journal of Econometrics 29; White (1980), Econometrica 48.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        scale = np.where(df_residual > 0, num_rows / df_residual, np.nan)
    result: Array = sandwich * scale[:, None, None]
    return result


def inference(coef: Array, covariance: Array, df_residual: Array) -> Inference:
    """t tests of each coefficient against zero; `covariance` has shape (G, k, k)."""
    with np.errstate(divide="ignore", invalid="ignore"):
        std_err = np.sqrt(np.diagonal(covariance, axis1=1, axis2=2))
        t_stats = coef / std_err
    p_values = 2 * special.stdtr(df_residual[:, None], -np.abs(t_stats))
    return Inference(std_err, t_stats, np.where(np.isnan(t_stats), np.nan, p_values))


def wald(
    coef: Array, covariance: Array, slopes: NDArray[np.bool_], df_model: Array, df_residual: Array
) -> tuple[Array, Array]:
    """F statistic and p-value, shape (G,), of the hypothesis that all `slopes` (shape (G, k)) are zero.

    Aliased coefficients are left out.  NaN where there is nothing to test, or where the slopes are not the
    model's `df_model` degrees of freedom: a constant is hidden among them.
    Source: Wooldridge, Introductory Econometrics, 8-2.
    """
    f_stats = np.full(len(coef), np.nan)
    p_values = np.full(len(coef), np.nan)
    for g in range(len(coef)):
        kept = slopes[g] & ~np.isnan(coef[g])
        q = int(kept.sum())
        block = covariance[g][np.ix_(kept, kept)]
        scale = np.sqrt(np.diagonal(block))  # units out of the way: they are no lack of rank
        if q == 0 or q != df_model[g] or not np.isfinite(block).all() or not scale.all():
            continue
        correlation = block / np.outer(scale, scale)
        if np.linalg.matrix_rank(correlation) == q:
            t_stats = coef[g, kept] / scale
            f_stats[g] = t_stats @ np.linalg.solve(correlation, t_stats) / q
            p_values[g] = special.fdtrc(q, df_residual[g], f_stats[g])
    return f_stats, p_values


def breusch_pagan(r2: Array, num_rows: Array, df_model: Array) -> tuple[Array, Array]:
    """Statistic n R2 and p-value, shape (G,), of the regression of squared residuals on the features.

    Source: Koenker (1981), Journal of Econometrics 17, 107-112: Breusch & Pagan (1979), studentized.
    """
    statistic = num_rows * r2
    return statistic, special.chdtrc(df_model, statistic)
