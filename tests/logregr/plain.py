"""Estimates of a fit as modules/common/linear/estimate.c computes them, in plain numpy."""

import numpy as np
from scipy import special


def estimate(fit, k):
    """The condition number; coefficients, errors, z, p, odds ratios; the covariance."""
    first, coef, shift, triangles = fit[0], fit[1 : 1 + k], fit[1 + k : 1 + 2 * k], fit[1 + 2 * k :]
    triangle, of_root = np.split(triangles, 2)
    kept = ~np.isnan(shift)
    hessian = np.zeros((k, k))
    hessian[np.tril_indices(k)] = triangle
    hessian += np.tril(hessian, -1).T
    turn = np.eye(k)  # coefficients of the features less their shifts, to those of the features
    if first != 0:
        turn[0, 1:] -= np.where(kept, shift, 0)[1:] / first
    some = np.ix_(kept, kept)
    covariance, condition = np.full((k, k), np.nan), np.nan
    if kept.any() and not np.isnan(triangle).any():
        inverse = np.linalg.inv(hessian[some])
        if not np.isnan(of_root).any():
            root = np.zeros((k, k))
            root[np.tril_indices(k)] = of_root
            inverse = (root.T @ root)[some]
        covariance[some] = turn[some] @ inverse @ turn[some].T
        back = np.linalg.inv(turn[some])
        condition = np.sqrt(np.linalg.cond(back.T @ hessian[some] @ back))
    coef = np.where(kept, turn @ np.where(kept, coef, 0), np.nan)
    std_err = np.sqrt(np.diag(covariance))
    z = coef / std_err
    return np.concatenate(
        [[condition], coef, std_err, z, 2 * special.ndtr(-np.abs(z)), np.exp(coef), covariance.ravel()]
    )
