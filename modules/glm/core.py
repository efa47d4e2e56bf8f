"""What is said of a generalised linear model.  Pure: numpy only."""

import numpy as np

from madpy.modules.common.linear import irls
from madpy.modules.common.linear.matrices import Array
from madpy.modules.common.linear.scoring import Scoring

# by the number of what became of a group
WORDS = ("converged", "not converged", "separated", "partly separated", "target at its limit", "no rows")


def fits(search: Scoring, roots: Array) -> Array:
    """What glm.c makes estimates of: dispersion and degrees of freedom before what every search has."""
    freedom = search.df_residual if search.family.has_dispersion else np.full(len(search.status), np.inf)
    return np.column_stack([search.dispersion(), freedom, irls.fits(search, roots)])


def estimated(k: int, stats: str) -> dict[str, list[int]]:
    """What the server says of a fit, and its dimensions, as glm.c has it; `stats` is the name of z or t."""
    vectors = ("coef", "std_err", stats, "p_values")
    return {"condition_no": [], **{name: [k] for name in vectors}, "variance_covariance": [k, k]}
