"""logregr_predict on a whole table."""

from madpy.errors import MadpyError
from madpy.helper import helper
from madpy.helper.tables.linear import create_linear_predictions
from madpy.helper.tables.scoring import Predictions, check_job, summary_of
from madpy.modules.logregr.check import METHOD, check_model
from madpy.modules.logregr.target import label_item
from madpy.ports.postgres.scan.source import Source
from madpy.ports.postgres.session.db import Database, fill

PREDICTION, PROBABILITY = "prediction", "probability"


def predict(
    db: Database,
    model_table: str | None,
    source_table: str | None,
    output_table: str | None,
    features: str | None,
) -> Predictions:
    """Create `output_table`: the columns of the source, `prediction`, a label, and `probability`.

    Both are NULL where a feature is, where there is no model for the group, where a text column has a
    value that it did not have in training, in the group of the row, and where an aliased term is not the
    combination of others that it was in training.
    """
    model = helper.check_model_table(db, model_table)
    groups = check_model(model)
    job = check_job(model, groups, METHOD, source_table, output_table, features, [PREDICTION, PROBABILITY])
    negative, positive = _labels(model)

    def score(arguments: str) -> dict[str, str]:
        holes = {"schema": db.schema, "arguments": arguments, "negative": negative, "positive": positive}
        chosen = "{schema:i}.logregr_predict({arguments:q})"
        label = f"CASE {chosen} WHEN true THEN {{positive:q}} WHEN false THEN {{negative:q}} END"
        probability = "{schema:i}.logregr_predict_prob({arguments:q})::double precision"
        return {PREDICTION: fill(label, holes), PROBABILITY: fill(probability, holes)}

    return create_linear_predictions(job, score)


def _labels(model: Source) -> list[str]:
    """SQL of the two labels, from the model's summary."""
    summary = summary_of(model, METHOD)
    rows = model.db.execute("SELECT s.classes, s.target_type FROM {summary:i} AS s", summary=summary)
    labels = rows[0]["classes"] if rows else None
    if not isinstance(labels, list) or len(labels) != 2 or not all(isinstance(x, str) for x in labels):
        raise MadpyError(
            "the classes of the model cannot be read", sqlstate="22P02", hint="train the model again"
        )
    return [label_item(label, str(rows[0]["target_type"])) for label in labels]
