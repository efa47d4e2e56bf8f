"""predict_batch: a table with the predictions of the deployed model for all rows of a relation."""

from typing import Any

from madpy.errors import MadpyError
from madpy.helper import helper
from madpy.helper.checks.arguments import quoted
from madpy.helper.features.classes import label_type
from madpy.helper.tables.predictions import PREDICTION, Predictions, Score, check_free, count_predictions
from madpy.modules.projects.catalogue import get_project
from madpy.modules.projects.schema import own
from madpy.ports.postgres.model import read_header
from madpy.ports.postgres.session.db import Database, fill, free_name
from madpy.ports.postgres.session.only import in_server

LIKELIHOOD = "likelihood"
ROW = "madpy_row"
FIRST_BYTES = 10_000_000  # the beginning of a model, with its header


@in_server("predict_batch")
def predict_batch(
    db: Database, project_name: str | None, relation_name: str | None, output_table: str | None
) -> Predictions:
    """Create `output_table`: the columns of the relation, the prediction, and the likelihood of a class.

    These are NULL for a row that lacks a feature which the model needs.
    """
    project = get_project(db, str(helper.check_not_null("project_name", project_name)))
    if project.deployed_model is None:
        raise MadpyError(
            f"no model of project {quoted(project.name)} is deployed",
            sqlstate="55000",
            hint="call deploy(project, 'best_score')",
        )
    source, (output,) = helper.check_source_and_new_tables(
        db, relation_name, output_table, source_what="relation_name"
    )
    row = free_name(ROW, source.columns)
    score = _score(db, project.task, project.deployed_model, row)
    check_free(source, list(score))
    db.execute(
        """
        CREATE TABLE {output:i} AS
        SELECT {columns:q} {scored:q} FROM {source:i} AS {row:i}
        """,
        output=output,
        columns="".join(fill("{r:i}.{c:i}, ", {"r": row, "c": column}) for column in source.columns),
        scored=", ".join(fill("{i:q} AS {n:i}", {"i": item, "n": name}) for name, item in score.items()),
        source=source,
        row=row,
    )
    return count_predictions(db, output)


def _score(db: Database, task: str, model: int, row: str) -> Score:
    """Return SQL of the columns that a model adds to a row; the model is given by its number, and stays."""

    def call(function: str) -> str:
        holes: dict[str, Any] = {"own": own(db), "function": function, "model": model, "row": row}
        return fill("{own:i}.{function:i}({model:l}::bigint, {row:i})", holes)

    if task == "classification":
        scored = call("predict_class")
        return {
            PREDICTION: f"({scored}).label::{_label_type(db, model)}",
            LIKELIHOOD: f"({scored}).likelihood",
        }
    if task == "clustering":
        return {PREDICTION: f"{call('predict')}::integer"}
    return {PREDICTION: call("predict_joint" if _has_several(db, task, model) else "predict")}


def _label_type(db: Database, model: int) -> str:
    """Return the type of the target that a model was trained on."""
    start = db.value(
        "SELECT pg_catalog.substr(model, 1, {length:l}) FROM {own:i}.models WHERE id = {model:l}",
        length=FIRST_BYTES,
        own=own(db),
        model=model,
    )
    classes = read_header(start).get("classes")
    return label_type(str(classes.get("type"))) if isinstance(classes, dict) else "text"


def _has_several(db: Database, task: str, model: int) -> bool:
    """Tell whether a model has several numbers for a row."""
    return task == "decomposition" or bool(
        db.value(
            """
            SELECT pg_catalog.cardinality(s.y_column_name) > 1
            FROM {own:i}.models AS m JOIN {own:i}.snapshots AS s ON s.id = m.snapshot_id
            WHERE m.id = {model:l}
            """,
            own=own(db),
            model=model,
        )
    )
