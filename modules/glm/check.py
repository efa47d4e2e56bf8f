"""Checks of a fit: an error where there is no model, else a warning."""

from madpy.helper.checks.fits import check_squares, warn_of_fits
from madpy.helper.features.terms import Terms
from madpy.modules.common.linear import irls
from madpy.modules.common.linear.design import Design
from madpy.modules.common.linear.targets import check_targets
from madpy.ports.postgres.session.db import Database

METHOD = "glm_train"


def check_design(design: Design, terms: Terms, family: str) -> None:
    """Raise an error if squares of features overflow or vanish, or if the family does not allow a target."""
    check_squares(design.squares, design.zero, terms)
    check_targets(family, design.lowest, design.highest, design.rows)


def warn(db: Database, search: irls.Search, terms: Terms, max_iter: int) -> None:
    """Warn of terms without a coefficient, and of groups without a maximum."""
    texts = {
        irls.NO_ROWS: "no row can be used, so there is no model,",
        irls.ONE_CLASS: "the target is at a limit of its family in every row, so there is no model,",
        irls.SEPARATED: "the features separate 0 from 1 perfectly: there is no maximum of the likelihood",
        irls.PARTLY: (
            "there is no maximum of the likelihood: coefficients with large standard errors grow without end"
        ),
        irls.NOT_CONVERGED: f"no convergence in {max_iter} iterations: raise max_iter or change the link,",
    }
    warn_of_fits(db, terms, search.fitted[:, None] & ~search.design.kept, search.status, texts)
