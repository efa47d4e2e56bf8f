"""Checks of a fit: an error where there is no model, else a warning."""

from collections.abc import Callable

from madpy.errors import MadpyError
from madpy.helper.checks.fits import check_squares, warn_of_fits
from madpy.helper.features.terms import Terms
from madpy.modules.common.linear import irls
from madpy.modules.common.linear.design import Design
from madpy.modules.logregr.target import Target
from madpy.ports.postgres.session.db import Database

METHOD = "logregr_train"
OPTIMIZERS = ("irls",)


def check_design(design: Design, terms: Terms, target: Target) -> None:
    """Raise an error if squares of features overflow or vanish, or if no group has both classes."""
    check_squares(design.squares, design.zero, terms)
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
    texts: dict[int, str | Callable[[str], str]] = {
        irls.NO_ROWS: "no row can be used, so there is no model,",
        irls.ONE_CLASS: "the target has one class only, so there is no model,",
        irls.SEPARATED: lambda where: (
            f"the features separate the classes perfectly{where}: there is no maximum of the likelihood,"
            " coefficients are those of a separating plane and have no standard errors"
        ),
        irls.PARTLY: lambda where: (
            f"the features separate some rows of one class from the other{where}: there is no maximum of the"
            " likelihood, coefficients with large standard errors grow without end"
        ),
        irls.NOT_CONVERGED: lambda where: f"no convergence in {max_iter} iterations{where}: raise max_iter",
    }
    warn_of_fits(db, terms, search.fitted[:, None] & ~search.design.kept, search.status, texts)
