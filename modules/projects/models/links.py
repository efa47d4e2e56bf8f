"""Means of models of glm_train as SQL of their predictors."""

from madpy.errors import MadpyError

POWER = "pg_catalog.exp(GREATEST({eta}, -745))"  # the server's exp raises an error for a number that is lower
# A mean that is no finite number is NULL.
MEANS = {
    "identity": "CASE WHEN pg_catalog.abs({eta}) < 'Infinity' THEN {eta} END",
    "log": "CASE WHEN {eta} < 700 THEN {power} END",
    "inverse": "CASE WHEN {eta} <> 0 AND {eta} <= 'Infinity' THEN 1 / {eta} END",
    "sqrt": "CASE WHEN {eta} > 0 AND {eta} < 'Infinity' THEN {eta} * {eta} END",
    "sqr_inverse": "CASE WHEN {eta} > 0 AND {eta} <= 'Infinity' THEN 1 / pg_catalog.sqrt({eta}) END",
    "logit": "CASE WHEN {eta} <= 0 THEN {power} / (1 + {power})"
    " WHEN {eta} <= 'Infinity' THEN 1 / (1 + pg_catalog.exp(-LEAST({eta}, 745))) END",
}


def mean_of(link: str, predictor: str) -> str:
    """Return SQL of the mean; raise an error for a link that has no function in SQL."""
    if link not in MEANS:
        raise MadpyError(
            f"the link {link} cannot be written in SQL",
            sqlstate="0A000",
            hint=f"train with one of the links {', '.join(MEANS)}",
        )
    return MEANS[link].replace("{power}", POWER).replace("{eta}", predictor)
