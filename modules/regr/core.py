"""The test of Breusch and Pagan from figures per group.  Pure: numpy and scipy.special."""

import numpy as np
from numpy.typing import NDArray
from scipy import special

Array = NDArray[np.float64]


def breusch_pagan(r2: Array, num_rows: Array, df_model: Array) -> tuple[Array, Array]:
    """Return the statistic n R2 and its p-value, shape (G,), of squared residuals regressed on features.

    Source: Koenker (1981), Journal of Econometrics 17, 107-112: Breusch & Pagan (1979), studentized.
    """
    statistic = num_rows * r2
    return statistic, special.chdtrc(df_model, statistic)
