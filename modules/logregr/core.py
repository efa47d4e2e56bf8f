"""Logistic regression by iteratively reweighted least squares, all groups at once.  Pure: numpy only.

Arrays hold one row per group: G groups, k coefficients.

Source: McCullagh & Nelder, Generalized Linear Models, 2nd ed., section 4.4.
"""

import math
from typing import cast

import numpy as np

from madpy.modules.common.linear.design import Design
from madpy.modules.common.linear.irls import NO_ROWS, NOT_CONVERGED, ONE_CLASS, Search, least_squares
from madpy.modules.common.linear.matrices import Array
from madpy.modules.common.linear.moments import column_count, ranges, sum_of

# texts for the status of a group, by its number
WORDS = ("converged", "not converged", "separated", "partly separated", "one class", "no rows")


def is_binary(body: Array) -> bool:
    """Say whether the target in states of the kernel "moments" is 0 or 1 in every row.

    From 0 to 1 a square is no larger than the number, and as large only at the ends.
    """
    m = column_count(body)
    (low, high), rows = ranges(body), sum_of(body, 0, 0)[:, 0]
    inside = (low[:, -1] >= 0) & (high[:, -1] <= 1) | (rows == 0)
    return bool((inside[:, None] & (sum_of(body, m, 0) == sum_of(body, m, m))).all())


def search(design: Design, tolerance: float) -> Search:
    """Begin with coefficients of 0, where the first step needs no pass."""
    one_class = design.lowest == design.highest
    status = np.where(design.rows == 0, NO_ROWS, np.where(one_class, ONE_CLASS, NOT_CONVERGED))
    begun = Search(design, tolerance, status)
    begun.objective = -design.rows * math.log(2)
    row, column = np.tril_indices(design.cross.shape[1])
    begun.hessian = design.gram[:, row, column] / 4
    begun.step = 4 * least_squares(design, design.cross - design.sums / 2)  # the features times y - 1/2
    return begun


def deviances(search: Search) -> dict[str, Array]:
    """Return the log-likelihood and the figures that follow from it, each (G,), NaN without a model."""
    likelihood = np.where(search.fitted, search.objective, np.nan)
    return {
        "log_likelihood": likelihood,
        "null_deviance": np.where(search.fitted, null_deviance(search.design), np.nan),
        "deviance": -2 * likelihood,
        "aic": 2 * search.design.kept.sum(axis=1) - 2 * likelihood,
    }


def null_deviance(design: Design) -> Array:
    """Return the deviance of one probability for all rows: the mean with a constant, else 1/2, as in R."""
    positives = design.total
    share = positives / np.maximum(design.rows, 1)
    share = np.where(design.has_constant, share, 0.5)
    with np.errstate(divide="ignore", invalid="ignore"):
        in_favour = np.where(positives > 0, positives * np.log(share), 0)
        against = design.rows - positives
        opposed = np.where(against > 0, against * np.log1p(-share), 0)
    return cast(Array, -2 * (in_favour + opposed))
