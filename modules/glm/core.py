"""Columns of a generalised linear model, and words for the status of its search."""

from madpy.modules.common.linear.families import FAMILIES

# texts for the status of a group, by its number
WORDS = ("converged", "not converged", "separated", "partly separated", "target at its limit", "no rows")


def stats(family: str) -> str:
    """Returns the name of the tests: of t where the dispersion is estimated, else of z."""
    return "t_stats" if FAMILIES[family].has_dispersion else "z_stats"


def columns(family: str) -> tuple[str, ...]:
    """Returns the columns of a model that follow its grouping columns."""
    return (
        *("coef", "log_likelihood", "std_err", stats(family), "p_values", "dispersion", "condition_no"),
        *("num_rows_processed", "num_missing_rows_skipped", "num_iterations", "variance_covariance"),
        *("null_deviance", "deviance", "pearson_chi2", "aic", "df_residual"),
        *("converged", "status", "feature_names", "aliases"),
    )
