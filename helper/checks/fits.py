"""Checks and warnings that fits of coefficients share, over all groups of a training."""

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from madpy.errors import MadpyError
from madpy.helper.checks.arguments import quoted
from madpy.helper.checks.reasons import nothing_to_use, warn_of_aliases, warn_of_single_values
from madpy.helper.features.terms import Terms
from madpy.ports.postgres.scan.scan import Rows
from madpy.ports.postgres.scan.states import States
from madpy.ports.postgres.session.db import Database

SMALLEST_SQUARE = 1e-270  # SMALLEST_SQUARE of numeric/moments.h: variances of coefficients are still numbers
Array = NDArray[np.float64]
Mask = NDArray[np.bool_]


def check_rows(rows: Rows, terms: Terms, states: States) -> None:
    """Raise an error unless some group has at least as many rows as features."""
    used, skipped = int(states.rows_used.sum()), int(states.rows_skipped.sum())
    if used == 0:
        raise nothing_to_use(rows, terms, skipped)
    largest, k = int(states.rows_used.max()), len(terms.names)
    if largest < k:
        where = " in the largest group" if rows.groups else ""
        raise MadpyError(
            f"{largest} rows{where} are fewer than the {k} features",
            hint="use fewer features, or more rows",
            detail=f"{skipped} rows with a NULL were skipped" if skipped else None,
        )


def check_squares(squares: Array, zero: Mask, terms: Terms) -> None:
    """Raise an error if sums of squares, (G, k), overflow or vanish; `zero`: all values of a group are 0."""
    for wrong, size in ((~np.isfinite(squares), "large"), ((squares <= SMALLEST_SQUARE) & ~zero, "small")):
        if wrong.any():
            raise MadpyError(
                f"feature {quoted(terms.names[int(wrong.any(axis=0).argmax())])} is too {size} to be squared",
                sqlstate="22003",
                hint="scale it",
            )


def warn_of_fits(
    db: Database,
    terms: Terms,
    left_out: Mask,
    status: NDArray[np.intp],
    texts: Mapping[int, str | Callable[[str], str]],
) -> None:
    """Warn of features that are `left_out`, (G, k), and of groups whose `status`, (G,), has a text.

    Each is one warning for all groups.  The number of groups follows the text, or is put into it.
    """
    warn_of_single_values(db, terms)
    counts = left_out.sum(axis=0).tolist()
    aliased = {name: count for name, count in zip(terms.names, counts, strict=True) if count}
    if aliased:
        warn_of_aliases(db, aliased, len(status))
    for state, text in texts.items():
        count = int((status == state).sum())
        where = f" in {count} of {len(status)} groups" if len(status) > 1 else ""
        if count:
            db.warning(text + where if isinstance(text, str) else text(where))
