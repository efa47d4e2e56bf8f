"""glm_predict on a whole table and glm_summary, from the record of what their models are."""

from madpy.errors import MadpyError
from madpy.helper.features.terms import check_number, with_offset
from madpy.helper.tables.coefficients import Coefficients, read_coefficients
from madpy.helper.tables.fits import typed
from madpy.helper.tables.models import check_types
from madpy.helper.tables.predictions import PREDICTION, Method, Predictions, Score
from madpy.modules.common.linear.families import LINKS
from madpy.modules.glm.check import METHOD as NAME
from madpy.ports.postgres.scan.source import Source
from madpy.ports.postgres.session.db import Database
from madpy.ports.postgres.session.sql import fill
from madpy.records import replace


class Means(Coefficients):
    """Coefficients, the link between their predictor and the mean, and the offset that the caller wrote."""

    link: str
    offset: str | None

    def vector(self, source: Source, features: str | None) -> str:
        """Return SQL of the features of a row, followed by the offset if there is one."""
        vector = super().vector(source, features)
        if self.offset is None:
            return vector
        offset = check_number(source, self.offset, "offset")
        if self.terms.is_vector:
            return with_offset(vector, offset)
        return f"pg_catalog.array_append({vector}, {offset})"


def predict(
    db: Database,
    model_table: str | None,
    source_table: str | None,
    output_table: str | None,
    features: str | None,
    offset: str | None,
) -> Predictions:
    """Create `output_table`: the columns of the source, and `prediction`, the mean of the target."""
    method = replace(METHOD, read=lambda method, table: _read(method, table, offset))
    return method.predict(db, model_table, source_table, output_table, features)


def _read(method: Method, table: Source, offset: str | None = None) -> Means:
    model = read_coefficients(method, table)
    check_types(model.summary, {"link": "text", "options": "jsonb"})
    rows = table.db.execute(
        "SELECT s.link, s.options OPERATOR(pg_catalog.->>) 'offset' AS offset_text FROM {summary:i} AS s",
        summary=model.summary,
    )
    if not rows or rows[0]["link"] not in LINKS:
        raise MadpyError(
            "the link of the model cannot be read", sqlstate="22P02", hint="train the model again"
        )
    trained_with = rows[0]["offset_text"]
    if (trained_with is None) != (offset is None):
        raise MadpyError(
            f"the model was trained {'without' if trained_with is None else 'with'} an offset",
            hint="leave the offset out" if trained_with is None else "give it again: \"offset\" => '...'",
        )
    return Means(model.table, model.groups, model.summary, model.terms, rows[0]["link"], offset)


def _rows(model: Means, arguments: str) -> Score:
    """Return SQL of the prediction for a row: the mean of the target.

    It is NULL where a feature or the offset is, where there is no model for the group, where a text column
    has a value that it did not have in training, and where the link gives the predictor no mean.
    """
    more = fill(
        "link => {link:l}, has_offset => {offset:l}",
        {"link": model.link, "offset": model.offset is not None},
    )
    return {PREDICTION: model.call("__glm_predict", f"{arguments}, {more}")}


METHOD = Method(
    name=NAME,
    columns=dict(typed("coef", "std_err", "dispersion", "aliases")),
    read=_read,
    rows=_rows,
    terms={
        "estimate": "coef",
        "std_error": "std_err",
        "statistic": ["t_stats", "z_stats"],  # t where the dispersion is estimated
        "p_value": "p_values",
    },
)
summary = METHOD.summary
