"""Checks of a fit: an error where there is no model, else a warning."""

from collections.abc import Callable

import numpy as np

from madpy.errors import MadpyError
from madpy.helper.checks.arguments import quoted
from madpy.helper.checks.reasons import nothing_to_use, warn_of_aliases, warn_of_single_values
from madpy.helper.features.terms import Terms
from madpy.modules.common.linear import irls
from madpy.modules.common.linear.design import Design
from madpy.modules.logregr.target import Target
from madpy.ports.postgres.scan.scan import Rows
from madpy.ports.postgres.scan.states import States
from madpy.ports.postgres.session.db import Database

METHOD = "logregr_train"
OPTIMIZERS = ("irls",)
SMALLEST_SQUARE = 1e-270  # of modules/regr/ols.h: variances of coefficients are still numbers


def check_rows(rows: Rows, terms: Terms, states: States) -> None:
    """There are rows, in some group as many as features."""
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


def check_design(design: Design, terms: Terms, target: Target) -> None:
    """Squares are numbers, and some group has both classes."""
    large = ~np.isfinite(design.squares)
    small = (design.squares <= SMALLEST_SQUARE) & ~design.zero
    for wrong, size in ((large, "large"), (small, "small")):
        if wrong.any():
            raise MadpyError(
                f"feature {quoted(terms.names[int(wrong.any(axis=0).argmax())])} is too {size} to be squared",
                sqlstate="22003",
                hint="scale it",
            )
    if not (design.lowest < design.highest).any():
        several = len(design.rows) > 1
        label = target.labels[int(design.highest.max() > 0)]
        raise MadpyError(
            "the target has one class only in every group"
            if several
            else f"the target has one class only: {label}",
            hint="choose a target with two classes",
        )


def warn(db: Database, search: irls.Search, terms: Terms, max_iter: int) -> None:
    """Warn of doubtful fits, once for all groups for each reason."""
    status, groups = search.status, len(search.status)
    warn_of_single_values(db, terms)
    counts = (search.fitted[:, None] & ~search.design.kept).sum(axis=0).tolist()
    aliased = {name: count for name, count in zip(terms.names, counts, strict=True) if count}
    if aliased:
        warn_of_aliases(db, aliased, groups)

    def say(state: int, text: str | Callable[[str], str]) -> None:
        count = int((status == state).sum())
        where = f" in {count} of {groups} groups" if groups > 1 else ""
        if count:
            db.warning(text + where if isinstance(text, str) else text(where))

    say(irls.NO_ROWS, "no row can be used, so there is no model,")
    say(irls.ONE_CLASS, "the target has one class only, so there is no model,")
    say(irls.SEPARATED, lambda where: (
        f"the features separate the classes perfectly{where}: there is no maximum of the likelihood,"
        " coefficients are those of a separating plane and have no standard errors"
    ))  # fmt: skip
    say(irls.PARTLY, lambda where: (
        f"the features separate some rows of one class from the other{where}: there is no maximum of the"
        " likelihood, coefficients with large standard errors grow without end"
    ))  # fmt: skip
    say(irls.NOT_CONVERGED, lambda where: f"no convergence in {max_iter} iterations{where}: raise max_iter")
