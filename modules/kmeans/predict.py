"""kmeans_predict on a whole table: the cluster of each row, in C."""

from dataclasses import replace

from madpy.errors import MadpyError
from madpy.helper import helper
from madpy.helper.features.terms import Terms, check_same_order
from madpy.helper.tables.scoring import (
    Predictions,
    check_job,
    check_places,
    checked_summary,
    create_predictions,
    model_terms,
)
from madpy.modules.kmeans.check import check_model, check_points
from madpy.modules.kmeans.core import METRICS
from madpy.ports.postgres.scan.source import Source
from madpy.ports.postgres.session.db import Database, fill

METHOD = "kmeans_train"
CLUSTER, DISTANCE = "cluster_id", "distance"
READ = {"centroids": "double precision[]", "distance": "text", "feature_names": "text[]"}  # of the summary


def predict(
    db: Database,
    model_table: str | None,
    source_table: str | None,
    output_table: str | None,
    features: str | None,
) -> Predictions:
    """Create `output_table`: the columns of the source, `cluster_id` and `distance`.

    They are NULL where a feature is, where the model has no such group, and where a text column has a value
    that it did not have in training.
    """
    table = helper.check_model_table(db, model_table)
    groups = check_model(table)
    model = checked_summary(table, METHOD, READ)
    adds = [CLUSTER, DISTANCE]
    if features is None:
        job = check_job(table, groups, METHOD, source_table, output_table, None, adds)
        job = replace(job, model=model)
    else:
        job = check_places(model, groups, source_table, output_table, adds)
        kept = model_terms(table, METHOD)
        job = replace(job, vector=_given(job.source, features, kept))
    metric = _metric(model)

    def score(x: str) -> dict[str, str]:
        closest = fill(
            "(SELECT {schema:i}.closest_column(m.centroids, {x:q}, {metric:l}) AS c OFFSET 0) AS closest",
            {"schema": db.schema, "x": x or "NULL", "metric": metric},
        )
        return {CLUSTER: "(closest.c).column_id", DISTANCE: "(closest.c).distance", "": closest}

    return create_predictions(job, score)


def _given(source: Source, features: str, kept: Terms) -> str:
    """SQL of the features that the caller wrote."""
    terms = check_points(source, features, kept)
    if terms.is_vector:
        return terms.items[0]
    if len(terms.items) != len(kept.terms):
        raise MadpyError(
            f"{len(terms.items)} features do not fit the {len(kept.terms)} of the model",
            hint="give the features in the order of training; see feature_names in the summary",
        )
    check_same_order(terms.names, kept.names)
    return f"ARRAY[{', '.join(terms.items)}]"


def _metric(model: Source) -> str:
    """The distance of the model; the table may be anybody's."""
    rows = model.db.execute("SELECT distance FROM {model:i} LIMIT 1", model=model)
    if not rows or rows[0]["distance"] not in METRICS:
        raise MadpyError(
            f'the summary table "{model.name}" does not name a distance', hint="train the model again"
        )
    return str(rows[0]["distance"])
