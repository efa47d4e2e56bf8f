"""Figures of a generalised linear model, as C estimates them.  Pure: numpy only."""

import numpy as np

from madpy.modules.common.linear import irls
from madpy.modules.common.linear.matrices import Array
from madpy.modules.common.linear.scoring import Scoring

# by the number of what became of a group
WORDS = ("converged", "not converged", "separated", "partly separated", "target at its limit", "no rows")


def fits(search: Scoring, roots: Array) -> Array:
    """Numbers for linear_estimate in C: dispersion and degrees of freedom, then those of the search."""
    freedom = search.df_residual if search.family.has_dispersion else np.full(len(search.status), np.inf)
    return np.column_stack([search.dispersion(), freedom, irls.fits(search, roots)])


def estimated(k: int, stats: str) -> dict[str, list[int]]:
    """Figures that linear_estimate returns, with their dimensions; `stats` is the name of z or t."""
    vectors = ("coef", "std_err", stats, "p_values")
    return {"condition_no": [], **{name: [k] for name in vectors}, "variance_covariance": [k, k]}
