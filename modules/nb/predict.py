"""nb_predict, nb_predict_prob, nb_create_view: a model applied to a table, its features rebuilt over it."""

from dataclasses import dataclass, replace

from madpy.helper import helper
from madpy.helper.classes import label_type
from madpy.helper.features import Features, features_of, read_features
from madpy.helper.scoring import (
    Job,
    Predictions,
    check_places,
    create_predictions,
    create_scored,
    packed_model,
)
from madpy.ports.postgres.db import Database, Relation, fill
from madpy.ports.postgres.model import BAYES, unpack

METHOD = "nb_train"
OWN = {"prior": "double precision", "variance": "double precision"}  # columns of its tables and of no other's
PREDICTION = "prediction"
PROBABILITY = "probability"


@dataclass(frozen=True)
class Model:
    """A model of nb_train: the table with the bytes, its grouping columns, and what it was made of."""

    table: Relation
    groups: list[str]
    features: Features
    label_type: str


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
    return create_predictions(db, job, lambda x: {PREDICTION: _label(db, model, x)})


def predict_prob(
    db: Database,
    model_table: str | None,
    source_table: str | None,
    output_table: str | None,
    features: str | None,
) -> Predictions:
    """The same with a row for each row of the source and each class: `prediction` and its `probability`."""
    model = read_model(db, model_table)
    job = _job(db, model, source_table, output_table, features, [PREDICTION, PROBABILITY])
    function = fill("{schema:i}.nb_predict_prob", {"schema": db.schema})

    def score(x: str) -> dict[str, str]:
        label = f"p.class::{model.label_type}"
        return {PREDICTION: label, PROBABILITY: "p.probability", "": f"{function}(m.model, {x}) AS p"}

    return create_predictions(db, job, score)


def create_view(
    db: Database,
    model_table: str | None,
    source_table: str | None,
    view_name: str | None,
    features: str | None,
) -> str:
    """Create a view: the columns of the source, and `prediction`, as of its reading; its full name."""
    model = read_model(db, model_table)
    job = _job(db, model, source_table, view_name, features, [PREDICTION], "view_name")
    create_scored(db, job, lambda x: {PREDICTION: _label(db, model, x)}, kind="VIEW")
    return helper.full_name(db, job.output)


def _job(
    db: Database,
    model: Model,
    source_table: str | None,
    output_table: str | None,
    features: str | None,
    adds: list[str],
    what: str = "output_table",
) -> Job:
    job = check_places(db, model.table, model.groups, source_table, output_table, adds, what)
    return replace(job, vector=features_of(db, job.source, job.columns, model.features, features))


def _label(db: Database, model: Model, x: str) -> str:
    return (
        fill("{schema:i}.nb_predict(m.model, {x:q})", {"schema": db.schema, "x": x}) + f"::{model.label_type}"
    )


def read_model(db: Database, model_table: str | None) -> Model:
    """A model by its output table; an error if it is not one of nb_train."""
    summary, groups, data = packed_model(db, model_table, METHOD, OWN)
    header, _ = unpack(data, BAYES)
    features = read_features(header.get("features"), header.get("is_vector", False))
    classes = header.get("classes")
    sql_type = classes.get("type") if isinstance(classes, dict) else None
    return Model(summary, groups, features, label_type(str(sql_type)))
