"""glm_predict on a whole table."""

from dataclasses import replace

from madpy.errors import MadpyError
from madpy.helper import helper
from madpy.helper.features.terms import check_number
from madpy.helper.tables.linear import create_linear_predictions
from madpy.helper.tables.scoring import Predictions, check_job, check_model, checked_summary
from madpy.modules.common.linear.families import LINKS
from madpy.modules.glm.check import METHOD, NUMBERS
from madpy.ports.postgres.scan.source import Source
from madpy.ports.postgres.session.db import Database, fill

PREDICTION = "prediction"
COLUMNS = {"coef": NUMBERS, "std_err": NUMBERS, "dispersion": "double precision", "aliases": NUMBERS}


def predict(
    db: Database,
    model_table: str | None,
    source_table: str | None,
    output_table: str | None,
    features: str | None,
    offset: str | None,
) -> Predictions:
    """Create `output_table`: the columns of the source, and `prediction`, the mean of the target.

    A prediction is NULL where a feature or the offset is, where there is no model for the group, where a text
    column has a value that it did not have in training, and where the link gives the predictor no mean.
    """
    model = helper.check_model_table(db, model_table)
    groups = check_model(model, METHOD, COLUMNS)
    job = check_job(model, groups, METHOD, source_table, output_table, features, [PREDICTION])
    link, trained_with = _of_summary(model)
    if (trained_with is None) != (offset is None):
        raise MadpyError(
            f"the model was trained {'without' if trained_with is None else 'with'} an offset",
            hint="leave the offset out" if trained_with is None else "give it again: \"offset\" => '...'",
        )
    if offset is not None:
        item = check_number(job.source, offset, "offset")
        job = replace(job, vector=f"pg_catalog.array_append({job.vector}, {item})")

    def score(arguments: str) -> dict[str, str]:
        call = "{schema:i}.__glm_predict({arguments:q}, link => {link:l}, has_offset => {offset:l})"
        holes = {"schema": db.schema, "arguments": arguments, "link": link, "offset": offset is not None}
        return {PREDICTION: fill(call, holes)}

    return create_linear_predictions(job, score)


def _of_summary(model: Source) -> tuple[str, str | None]:
    """The link of a model, and the offset it was trained with, from its summary."""
    summary = checked_summary(model, METHOD, {"link": "text", "options": "jsonb"})
    rows = model.db.execute(
        "SELECT s.link, s.options OPERATOR(pg_catalog.->>) 'offset' AS offset_text FROM {summary:i} AS s",
        summary=summary,
    )
    if not rows or rows[0]["link"] not in LINKS:
        raise MadpyError(
            "the link of the model cannot be read", sqlstate="22P02", hint="train the model again"
        )
    return rows[0]["link"], rows[0]["offset_text"]
