"""Checks of a model: an error where there is none, else a warning; and the columns that it has."""

from madpy.errors import MadpyError
from madpy.helper import helper
from madpy.helper.checks.fits import check_squares, warn_of_fits
from madpy.helper.features.terms import Terms
from madpy.modules.common.linear import irls
from madpy.modules.common.linear.design import Design
from madpy.modules.common.linear.families import FAMILIES
from madpy.ports.postgres.session.db import Database

METHOD = "glm_train"
NUMBERS = "double precision[]"


def columns(family: str) -> tuple[tuple[str, str], ...]:
    """The columns of a model, names and SQL types; the tests are of t where the dispersion is estimated."""
    return (
        ("coef", NUMBERS),
        ("log_likelihood", "double precision"),
        ("std_err", NUMBERS),
        ("t_stats" if FAMILIES[family].has_dispersion else "z_stats", NUMBERS),
        ("p_values", NUMBERS),
        ("dispersion", "double precision"),
        ("condition_no", "double precision"),
        ("num_rows_processed", "bigint"),
        ("num_missing_rows_skipped", "bigint"),
        ("num_iterations", "integer"),
        ("variance_covariance", NUMBERS),
        ("null_deviance", "double precision"),
        ("deviance", "double precision"),
        ("pearson_chi2", "double precision"),
        ("aic", "double precision"),
        ("df_residual", "double precision"),
        ("converged", "boolean"),
        ("status", "text"),
        ("feature_names", "text[]"),
        ("aliases", NUMBERS),
    )


def check_link(family: str, link: str | None) -> str:
    """The link, or the canonical one of the family."""
    links = FAMILIES[family].links
    return links[0] if link is None else helper.check_choice("link", link, links)


def check_design(design: Design, terms: Terms, family: str) -> None:
    """Raise an error if squares of features overflow or vanish, or if the family does not allow a target."""
    check_squares(design.squares, design.zero, terms)
    wrong = (design.rows > 0) & ~FAMILIES[family].has(design.lowest, design.highest)
    if wrong.any():
        low, high = float(design.lowest[wrong].min()), float(design.highest[wrong].max())
        seen = high if family == "binomial" and low >= 0 else low
        raise MadpyError(
            f"the target is {seen:g} in some row, which the family {family} does not have",
            sqlstate="22003",
            hint=FAMILIES[family].hint,
        )


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
