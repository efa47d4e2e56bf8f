"""Columns and figures that the models of fits by iterations share: coefficients, their tests, and counts."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from madpy.helper.features.terms import Terms
from madpy.ports.postgres.scan.states import States

Array = NDArray[np.float64]

VECTORS = ("coef", "std_err", "t_stats", "z_stats", "p_values", "odds_ratios")
TYPES = {
    **dict.fromkeys((*VECTORS, "variance_covariance", "aliases"), "double precision[]"),
    "num_rows_processed": "bigint",
    "num_missing_rows_skipped": "bigint",
    "num_iterations": "integer",
    "converged": "boolean",
    "status": "text",
    "feature_names": "text[]",
}


def typed(*names: str) -> tuple[tuple[str, str], ...]:
    """Returns columns of a model with their SQL types; other names than those above are of single figures."""
    return tuple((name, TYPES.get(name, "double precision")) for name in names)


def counts(
    terms: Terms, states: States, iterations: NDArray[np.int64], converged: NDArray[np.bool_]
) -> dict[str, Any]:
    """Returns fields of a summary, from states, iterations and whether they converged, (G,)."""
    return {
        "feature_names": terms.names,
        "terms": terms.as_json(),
        "num_groups": len(iterations),
        "num_rows_processed": int(states.rows_used.sum()),
        "num_missing_rows_skipped": int(states.rows_skipped.sum()),
        "num_iterations": int(iterations.max()),
        "num_converged": int(converged.sum()),
    }


def single(figures: Mapping[str, Array], *names: str) -> dict[str, Any]:
    """Returns figures of the one group for a summary; None for several groups and without a model."""
    values = {name: figures[name].tolist() for name in names}
    return {
        name: value[0] if len(value) == 1 and np.isfinite(value[0]) else None
        for name, value in values.items()
    }
