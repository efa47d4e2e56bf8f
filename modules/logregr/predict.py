"""logregr_predict on a whole table and logregr_summary, from the record of what their models are."""

from madpy.errors import MadpyError
from madpy.helper.tables.coefficients import Coefficients, read_coefficients
from madpy.helper.tables.predictions import PREDICTION, PROBABILITY, Method, Score
from madpy.modules.logregr.target import label_item
from madpy.ports.postgres.scan.source import Source
from madpy.ports.postgres.session.sql import fill


class Binary(Coefficients):
    """A model of coefficients with SQL of the labels of the negative and the positive class."""

    labels: list[str]


def _read(method: Method, table: Source) -> Binary:
    model = read_coefficients(method, table)
    rows = table.db.execute("SELECT s.classes, s.target_type FROM {s:i} AS s", s=model.summary)
    labels = rows[0]["classes"] if rows else None
    if not isinstance(labels, list) or len(labels) != 2 or not all(isinstance(x, str) for x in labels):
        raise MadpyError(
            "the classes of the model cannot be read", sqlstate="22P02", hint="train the model again"
        )
    items = [label_item(label, str(rows[0]["target_type"])) for label in labels]
    return Binary(model.table, model.groups, model.summary, model.terms, items)


def _rows(model: Binary, arguments: str) -> Score:
    """Return SQL of the predicted label of a row, and of the probability of the positive class.

    Both are NULL where a feature is, where there is no model for the group, where a text column has a value
    that it did not have in training, in the group of the row, and where an aliased term is not the
    combination of others that it was in training.
    """
    negative, positive = model.labels
    label = fill(
        "CASE {chosen:q} WHEN true THEN {positive:q} WHEN false THEN {negative:q} END",
        {"chosen": model.call("logregr_predict", arguments), "positive": positive, "negative": negative},
    )
    probability = model.call("logregr_predict_prob", arguments)
    return {PREDICTION: label, PROBABILITY: f"{probability}::double precision"}


METHOD = Method(
    name="logregr_train",
    columns={
        "coef": "double precision[]",
        "log_likelihood": "double precision",
        "std_err": "double precision[]",
        "z_stats": "double precision[]",
        "p_values": "double precision[]",
        "odds_ratios": "double precision[]",
        "feature_names": "text[]",
    },
    read=_read,
    rows=_rows,
    terms={
        "estimate": "coef",
        "std_error": "std_err",
        "z_value": "z_stats",
        "p_value": "p_values",
        "odds_ratio": "odds_ratios",
    },
)
predict = METHOD.predict
summary = METHOD.summary
