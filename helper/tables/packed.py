"""Prediction by models that are bytes, one for each group in a summary table."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from madpy.errors import MadpyError
from madpy.helper import helper
from madpy.helper.checks.arguments import quoted
from madpy.helper.features.categories import features_of
from madpy.helper.features.classes import label_type
from madpy.helper.features.design import Design, read_features
from madpy.helper.tables.scoring import Job, check_made_by, check_places, no_model, summary_of
from madpy.ports.postgres.model import unpack
from madpy.ports.postgres.scan.source import Source
from madpy.ports.postgres.session.db import Database, fill

PREDICTION, PROBABILITY = "prediction", "probability"

Score = Callable[[str], dict[str, str]]


@dataclass(frozen=True)
class Packed:
    """The table with the bytes, its grouping columns, and what the models were made of."""

    table: Source
    groups: list[str]
    features: Design
    label_type: str | None  # None: a regression

    def call(self, function: str, x: str) -> str:
        """SQL of a row function over the features `x`; a model without groups is read once."""
        model = "m.model" if self.groups else fill("(SELECT model FROM {t:i})", {"t": self.table})
        holes = {"schema": self.table.db.schema, "function": function, "model": model, "x": x}
        return fill("{schema:i}.{function:i}({model:q}, {x:q})", holes)


def read_packed(
    db: Database,
    model_table: str | None,
    source_table: str | None,
    method: str,
    kind: int,
    wanted: Mapping[str, str],
) -> Packed:
    """A model by its output table; an error if it is not one of `method`, whose bytes are of a `kind`.

    `wanted` are columns that tell the output tables of the method from others.  The source is checked before
    the model is read: its rows, and all that is read of the model, are then of one snapshot.
    """
    model = helper.check_model_table(db, model_table)
    check_made_by(model, method, wanted)
    helper.check_source(db, source_table)
    summary = summary_of(model, method)
    columns = summary.types
    if (columns.get("method"), columns.get("model")) != ("text", "bytea"):
        raise no_model(model, method)
    rows = db.execute("SELECT model FROM {s:i} WHERE model IS NOT NULL LIMIT 1", s=summary)
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


def packed_job(
    model: Packed,
    source_table: str | None,
    output_table: str | None,
    features: str | None,
    adds: Sequence[str],
    what: str = "output_table",
) -> Job:
    """A prediction that puts the columns `adds` behind those of the source."""
    job = check_places(model.table, model.groups, source_table, output_table, adds, what)
    return replace(job, vector=features_of(job.source, model.features, features))


def of_rows(model: Packed, function: str) -> Score:
    """A prediction for each row."""
    kind = model.label_type or "double precision"
    return lambda x: {PREDICTION: f"{model.call(function, x)}::{kind}"}


def of_classes(model: Packed, function: str) -> Score:
    """A row for each class, with its probability."""
    label = f"p.class::{model.label_type}"
    return lambda x: {
        PREDICTION: label,
        PROBABILITY: "p.probability",
        "": f"{model.call(function, x)} AS p",
    }
