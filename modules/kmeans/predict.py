"""kmeans_predict on a whole table: the record that predictions follow from; C finds the clusters."""

from madpy.errors import MadpyError
from madpy.helper.features.terms import Terms, check_same_order
from madpy.helper.tables.coefficients import remembered, terms_of
from madpy.helper.tables.models import checked_summary, groups_before
from madpy.helper.tables.predictions import JOINED, Method, Model, Score
from madpy.modules.kmeans.check import CLUSTER, MODEL, check_points
from madpy.modules.kmeans.core import METRICS
from madpy.ports.postgres.scan.source import Source
from madpy.ports.postgres.session.sql import fill

READ = {  # columns of the summary
    "centroids": "double precision[]",
    "distance": "text",
    "feature_names": "text[]",
    "terms": "jsonb",
}


class Clusters(Model):
    """A summary table with the centroids of each group, and the distance that they are compared by."""

    terms: Terms
    metric: str

    def vector(self, source: Source, features: str | None) -> str:
        """Return SQL of the coordinates of a row."""
        return remembered(self.terms, source) if features is None else _given(source, features, self.terms)

    def arguments(self, features: str) -> str:
        """Return SQL of the arguments of closest_column."""
        return fill("m.centroids, {x:q}, {metric:l}", {"x": features, "metric": self.metric})


def _read(method: Method, table: Source) -> Clusters:
    summary = checked_summary(table, method.name, READ)
    return Clusters(summary, groups_before(table, CLUSTER), terms_of(summary), _metric(summary))


def _rows(model: Clusters, arguments: str) -> Score:
    """Return SQL of a row's cluster and of the distance to its centroid.

    They are NULL where a feature is, where the model has no such group, and where a text column has a value
    that it did not have in training.
    """
    closest = f"(SELECT {model.call('closest_column', arguments)} AS c OFFSET 0) AS closest"
    return {CLUSTER: "(closest.c).column_id", "distance": "(closest.c).distance", JOINED: closest}


METHOD = Method(name="kmeans_train", columns=MODEL, read=_read, rows=_rows)
predict = METHOD.predict


def _given(source: Source, features: str, trained: Terms) -> str:
    """Return SQL of the features, from what the caller wrote in this call."""
    terms = check_points(source, features, trained)
    if terms.is_vector:
        return terms.items[0]
    if len(terms.items) != len(trained.terms):
        raise MadpyError(
            f"{len(terms.items)} features do not fit the {len(trained.terms)} of the model",
            hint="give the features in the order of training; see feature_names in the summary",
        )
    check_same_order(terms.names, trained.names)
    return f"ARRAY[{', '.join(terms.items)}]"


def _metric(summary: Source) -> str:
    """Read and check the distance of the model, whose table any user may have made."""
    rows = summary.db.execute("SELECT distance FROM {summary:i} LIMIT 1", summary=summary)
    if not rows or rows[0]["distance"] not in METRICS:
        raise MadpyError(
            f'the summary table "{summary.name}" does not name a distance', hint="train the model again"
        )
    return str(rows[0]["distance"])
