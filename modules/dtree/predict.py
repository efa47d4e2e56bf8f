"""dtree_predict and dtree_predict_prob: a model applied to a table, its features rebuilt over it."""

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
from madpy.helper.tables.scoring import Predictions, create_predictions
from madpy.modules.dtree.layout import MODEL_TREE
from madpy.ports.postgres.session.db import Database

METHOD = "dtree_train"
OWN = {"node": "bigint", "split": "text"}  # columns of its tables and of no other's


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
    function = "dtree_predict_number" if model.label_type is None else "dtree_predict"
    return create_predictions(job, of_rows(model, function))


def predict_prob(
    db: Database,
    model_table: str | None,
    source_table: str | None,
    output_table: str | None,
    features: str | None,
) -> Predictions:
    """Create a table with a row for each row of the source and each class: `prediction` and `probability`."""
    model = read_model(db, model_table, source_table)
    if model.label_type is None:
        raise MadpyError("a regression has no probabilities", hint="use dtree_predict")
    job = packed_job(model, source_table, output_table, features, [PREDICTION, PROBABILITY])
    return create_predictions(job, of_classes(model, "dtree_predict_prob"))


def read_model(db: Database, model_table: str | None, source_table: str | None) -> Packed:
    """A model by its output table, for a source; an error if it is not one of dtree_train."""
    return read_packed(db, model_table, source_table, METHOD, MODEL_TREE, OWN)
