"""dtree_predict and dtree_predict_prob: a model applied to a table, its features rebuilt over it."""

from dataclasses import dataclass, replace

from madpy.errors import MadpyError
from madpy.helper.classes import label_type
from madpy.helper.features import Features, features_of, read_features
from madpy.helper.scoring import Job, Predictions, check_places, create_predictions, packed_model
from madpy.modules.dtree.model import read_header
from madpy.ports.postgres.db import Database, Relation, fill

METHOD = "dtree_train"
OWN = {"node": "bigint", "split": "text"}  # columns of its tables and of no other's
PREDICTION = "prediction"
PROBABILITY = "probability"


@dataclass(frozen=True)
class Model:
    """A model of dtree_train: the table with the bytes, its grouping columns, and what it was made of."""

    table: Relation
    groups: list[str]
    features: Features
    label_type: str | None  # None: a regression


def predict(
    db: Database,
    model_table: str | None,
    source_table: str | None,
    output_table: str | None,
    features: str | None,
) -> Predictions:
    """Create `output_table`: the columns of the source, and `prediction`, NULL without such a group."""
    model = read_model(db, model_table)
    job = _job(db, model, source_table, output_table, features, [PREDICTION])
    function = "dtree_predict_number" if model.label_type is None else "dtree_predict"
    kind = model.label_type or "double precision"
    call = f"{{schema:i}}.{function}({_bytes(model)}, {{x:q}})::{kind}"
    return create_predictions(
        db, job, lambda x: {PREDICTION: fill(call, {"schema": db.schema, "x": x, "table": model.table})}
    )


def predict_prob(
    db: Database,
    model_table: str | None,
    source_table: str | None,
    output_table: str | None,
    features: str | None,
) -> Predictions:
    """The same with a row for each row of the source and each class: `prediction` and its `probability`."""
    model = read_model(db, model_table)
    if model.label_type is None:
        raise MadpyError("a regression has no probabilities", hint="use dtree_predict")
    job = _job(db, model, source_table, output_table, features, [PREDICTION, PROBABILITY])
    call = f"{{schema:i}}.dtree_predict_prob({_bytes(model)}, {{x:q}}) AS p"

    def score(x: str) -> dict[str, str]:
        beside = fill(call, {"schema": db.schema, "x": x, "table": model.table})
        return {PREDICTION: f"p.class::{model.label_type}", PROBABILITY: "p.probability", "": beside}

    return create_predictions(db, job, score)


def _bytes(model: Model) -> str:
    """SQL of the model of a row: without groups a constant of the statement, which is read once."""
    return "m.model" if model.groups else "(SELECT model FROM {table:i})"


def _job(
    db: Database,
    model: Model,
    source_table: str | None,
    output_table: str | None,
    features: str | None,
    adds: list[str],
) -> Job:
    job = check_places(db, model.table, model.groups, source_table, output_table, adds)
    return replace(job, vector=features_of(db, job.source, job.columns, model.features, features))


def read_model(db: Database, model_table: str | None) -> Model:
    """A model by its output table; an error if it is not one of dtree_train."""
    summary, groups, data = packed_model(db, model_table, METHOD, OWN)
    header = read_header(data)
    features = read_features(header.get("features"), header.get("is_vector", False))
    classes = header.get("classes")
    kind = label_type(str(classes.get("type"))) if isinstance(classes, dict) else None
    return Model(summary, groups, features, kind)
