"""nb_predict, nb_predict_prob, nb_create_view: a model applied to a table, its features rebuilt over it."""

from madpy.errors import MadpyError
from madpy.helper.tables.packed import (
    PREDICTION,
    PROBABILITY,
    Packed,
    of_classes,
    of_rows,
    packed_job,
    read_packed,
)
from madpy.helper.tables.scoring import Predictions, create_predictions, create_scored
from madpy.modules.nb.layout import MODEL_BAYES
from madpy.ports.postgres.session.db import Database

METHOD = "nb_train"
OWN = {"prior": "double precision", "variance": "double precision"}  # columns of its tables and of no other's


def predict(
    db: Database,
    model_table: str | None,
    source_table: str | None,
    output_table: str | None,
    features: str | None,
) -> Predictions:
    """Create `output_table`: the columns of the source, and `prediction`, NULL without such a group."""
    model = read_model(db, model_table, source_table)
    job = packed_job(model, source_table, output_table, features, [PREDICTION])
    return create_predictions(job, of_rows(model, "nb_predict"))


def predict_prob(
    db: Database,
    model_table: str | None,
    source_table: str | None,
    output_table: str | None,
    features: str | None,
) -> Predictions:
    """Create a table with a row for each row of the source and each class: `prediction` and `probability`."""
    model = read_model(db, model_table, source_table)
    job = packed_job(model, source_table, output_table, features, [PREDICTION, PROBABILITY])
    return create_predictions(job, of_classes(model, "nb_predict_prob"))


def create_view(
    db: Database,
    model_table: str | None,
    source_table: str | None,
    view_name: str | None,
    features: str | None,
) -> str:
    """Create a view: the columns of the source, and `prediction`, as of its reading; its full name."""
    model = read_model(db, model_table, source_table)
    job = packed_job(model, source_table, view_name, features, [PREDICTION], "view_name")
    create_scored(job, of_rows(model, "nb_predict"), kind="VIEW")
    return job.output.full_name


def read_model(db: Database, model_table: str | None, source_table: str | None) -> Packed:
    """A model by its output table, for a source; an error if it is not one of nb_train."""
    model = read_packed(db, model_table, source_table, METHOD, MODEL_BAYES, OWN)
    if model.label_type is None:
        raise MadpyError(
            "the model is damaged: it does not name its classes",
            sqlstate="22P03",
            hint="train the model again",
        )
    return model
