"""predict_batch: a table with the predictions of the deployed model for all rows of a relation."""

from typing import Any

from madpy.helper import helper
from madpy.helper.features.classes import label_type
from madpy.helper.tables.predictions import PREDICTION, Predictions, Score, check_free, count_predictions
from madpy.modules.projects.models.fitted import Kept, deployed_model
from madpy.modules.projects.schema import own
from madpy.ports.postgres.session.db import Database
from madpy.ports.postgres.session.only import in_server
from madpy.ports.postgres.session.sql import fill, free_name

LIKELIHOOD = "likelihood"
ROW = "madpy_row"


@in_server("predict_batch", module="projects")
def predict_batch(
    db: Database, project_name: str | None, relation_name: str | None, output_table: str | None
) -> Predictions:
    """Create `output_table`: the columns of the relation, the prediction, and the likelihood of a class.

    These are NULL for a row that lacks a feature which the model needs.
    """
    model = deployed_model(db, str(helper.check_not_null("project_name", project_name)))
    source, (output,) = helper.check_source_and_new_tables(
        db, relation_name, output_table, source_what="relation_name"
    )
    row = free_name(ROW, source.columns)
    score = _score(db, model, row)
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


def _score(db: Database, model: Kept, row: str) -> Score:
    """Return SQL of the columns that a model adds to a row; the model is given by its number, and stays."""

    def call(function: str) -> str:
        holes: dict[str, Any] = {"own": own(db), "function": function, "model": model.id, "row": row}
        return fill("{own:i}.{function:i}({model:l}::bigint, {row:i})", holes)

    fitted = model.fitted
    if fitted.task == "classification":
        scored = call("predict_class")
        return {
            PREDICTION: f"({scored}).label::{label_type(str(fitted.class_type))}",
            LIKELIHOOD: f"({scored}).likelihood",
        }
    if fitted.task == "clustering":
        return {PREDICTION: f"{call('predict')}::integer"}
    has_several = fitted.task == "decomposition" or fitted.outputs > 1
    return {PREDICTION: call("predict_joint" if has_several else "predict")}
