"""Columns and figures that the models of fits by iterations share: coefficients, their tests, and counts."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from madpy.helper.features.terms import Terms
from madpy.helper.tables.output import Column, Derived, Lists, Pieces, create_output
from madpy.ports.postgres.scan.scan import Scan
from madpy.ports.postgres.scan.states import States
from madpy.ports.postgres.session.sql import Relation
from madpy.records import Record

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


class Outcomes(Record):
    """The outcome of a fit by iterations in each group, (G,); `words` has the meaning of each `status`."""

    terms: Terms
    states: States  # sums over rows
    iterations: NDArray[np.int64]
    status: NDArray[np.int64]
    words: Sequence[str]

    @property
    def converged(self) -> NDArray[np.bool_]:
        converged: NDArray[np.bool_] = self.status == self.words.index("converged")
        return converged


def create_model(
    scan: Scan,
    output: Relation,
    columns: Sequence[tuple[str, str]],
    outcomes: Outcomes,
    figures: Mapping[str, Array],
    aliases: Sequence[Array | None],
    derived: Derived,
) -> None:
    """Create a model with a row per group: the counts of each fit, its `aliases`, and its `figures`."""
    cells: dict[str, Column] = {
        **figures,
        "num_rows_processed": outcomes.states.rows_used,
        "num_missing_rows_skipped": outcomes.states.rows_skipped,
        "num_iterations": outcomes.iterations,
        "converged": outcomes.converged,
        "status": Pieces(outcomes.status, outcomes.words),
        "aliases": Lists(aliases),
    }
    constants = {"feature_names": outcomes.terms.names}
    groups = np.arange(len(outcomes.status))
    create_output(scan.db, scan, output, columns, groups, cells, constants, derived)


def counts(outcomes: Outcomes) -> dict[str, Any]:
    """Returns fields of a summary: counts of groups, rows and iterations, and the features."""
    terms, states = outcomes.terms, outcomes.states
    return {
        "feature_names": terms.names,
        "terms": terms.as_json(),
        "num_groups": len(outcomes.status),
        "num_rows_processed": int(states.rows_used.sum()),
        "num_missing_rows_skipped": int(states.rows_skipped.sum()),
        "num_iterations": int(outcomes.iterations.max()),
        "num_converged": int(outcomes.converged.sum()),
    }


def single(figures: Mapping[str, Array], *names: str) -> dict[str, Any]:
    """Returns figures of the one group for a summary; None for several groups and without a model."""
    values = {name: figures[name].tolist() for name in names}
    return {
        name: value[0] if len(value) == 1 and np.isfinite(value[0]) else None
        for name, value in values.items()
    }
