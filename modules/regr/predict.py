"""regr_predict on a whole table."""

from madpy.helper import helper
from madpy.helper.tables.linear import create_linear_predictions
from madpy.helper.tables.scoring import Predictions, check_job
from madpy.modules.regr.check import METHOD, check_model
from madpy.ports.postgres.session.db import Database, fill

PREDICTION = "prediction"


def predict(
    db: Database,
    model_table: str | None,
    source_table: str | None,
    output_table: str | None,
    features: str | None,
) -> Predictions:
    """Create `output_table`: the columns of the source, and `prediction`.

    A prediction is NULL where a feature is, where the model has no such group, where a text column has a
    value that it did not have in training, in the group of the row, and where an aliased term is not the
    combination of others that it was in training.
    """
    model = helper.check_model_table(db, model_table)
    groups = check_model(model)
    job = check_job(model, groups, METHOD, source_table, output_table, features, [PREDICTION])
    function = fill("{schema:i}.regr_predict", {"schema": db.schema})
    return create_linear_predictions(job, lambda arguments: {PREDICTION: f"{function}({arguments})"})
