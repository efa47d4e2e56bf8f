"""Models packed into bytes, one for each group in a summary table."""

from madpy.errors import MadpyError
from madpy.helper.checks.arguments import quoted
from madpy.helper.features.categories import features_of
from madpy.helper.features.classes import label_type
from madpy.helper.features.design import Design, read_features
from madpy.helper.tables.models import no_model, summary_of
from madpy.helper.tables.predictions import JOINED, PREDICTION, PROBABILITY, Method, Model, Score
from madpy.ports.postgres.model import unpack
from madpy.ports.postgres.scan.source import Source
from madpy.ports.postgres.session.sql import fill


class Packed(Model):
    """A summary table with a column of packed models, and the features that they predict from."""

    features: Design
    label_type: str | None  # None for a regression

    def vector(self, source: Source, features: str | None) -> str:
        """Return SQL of the features of a row: numbers, and the codes of categories."""
        return features_of(source, self.features, features)

    def arguments(self, features: str) -> str:
        """Return SQL of the model and the features; a model without groups is read once."""
        model = "m.model" if self.groups else fill("(SELECT model FROM {t:i})", {"t": self.table})
        return f"{model}, {features}"

    def each_row(self, function: str, arguments: str) -> Score:
        """Return SQL of the prediction for a row, cast to the type of the labels."""
        return {PREDICTION: f"{self.call(function, arguments)}::{self.label_type or 'double precision'}"}

    def each_class(self, function: str, arguments: str) -> Score:
        """Return SQL with a row for each class and its probability."""
        return {
            PREDICTION: f"p.class::{self.label_type}",
            PROBABILITY: "p.probability",
            JOINED: f"{self.call(function, arguments)} AS p",
        }


def read_packed(method: Method, table: Source, kind: int) -> Packed:
    """Read and check a model, given its output table; its bytes have to be of a `kind`."""
    summary = summary_of(table, method.name)
    columns = summary.types
    if (columns.get("method"), columns.get("model")) != ("text", "bytea"):
        raise no_model(table, method.name)
    rows = table.db.execute("SELECT model FROM {s:i} WHERE model IS NOT NULL LIMIT 1", s=summary)
    if not rows:
        raise MadpyError(f"table {quoted(summary.name)} has no model", hint="train it again")
    header, _ = unpack(rows[0]["model"], kind)
    classes = header.get("classes")
    return Packed(
        summary,
        list(columns)[: list(columns).index("method")],
        read_features(header.get("features"), header.get("is_vector", False)),
        label_type(str(classes.get("type"))) if isinstance(classes, dict) else None,
    )
