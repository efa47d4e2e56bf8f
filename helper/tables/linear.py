"""Prediction by models that are coefficients: some may be aliased, which not every row can do without."""

from collections.abc import Callable

from madpy.helper.tables.scoring import Job, Predictions, create_predictions, rows_with_models

ALIASES = "aliases"  # the column of a model; one of an early version does not have it


def create_linear_predictions(job: Job, score: Callable[[str], dict[str, str]]) -> Predictions:
    """Create the output as `create_predictions`; a WARNING says how many rows have features of no use.

    `score` gets SQL of the arguments of a row function: coefficients, features and, where the model has them,
    aliases.
    """
    has_aliases = job.model.types.get(ALIASES) == "double precision[]"
    aliases = f", m.{ALIASES}" if has_aliases else ""
    made = create_predictions(job, lambda features: score(f"m.coef, {features}{aliases}"))
    if made.num_null_predictions:
        _warn_of_aliases(job, score, aliases)
    return made


def _warn_of_aliases(job: Job, score: Callable[[str], dict[str, str]], aliases: str) -> None:
    """Count the rows that would have a prediction if aliased terms counted for nothing."""
    db = job.source.db
    is_whole = "pg_catalog.array_position(coef, NULL::double precision) IS NULL"
    if not db.execute("SELECT FROM {m:i} WHERE NOT ({w:q}) LIMIT 1", m=job.model, w=is_whole):
        return
    features, rows = rows_with_models(job)
    whole = f"pg_catalog.array_replace(m.coef, NULL, 0::double precision), {features}"
    count = db.value(
        """
        SELECT pg_catalog.count(*) FROM {rows:q} WHERE {now:q} IS NULL AND {otherwise:q} IS NOT NULL
        """,
        rows=rows,
        now=next(iter(score(f"m.coef, {features}{aliases}").values())),
        otherwise=next(iter(score(whole).values())),
    )
    if count:
        db.warning(
            f"no prediction for {count} rows: a term that was not estimated is not what it was in training,"
            " a combination of the others"
        )
