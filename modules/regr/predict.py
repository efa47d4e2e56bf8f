"""regr_predict on a whole table and regr_summary, from the record of what their models are."""

from madpy.helper.tables.coefficients import Coefficients, read_coefficients
from madpy.helper.tables.predictions import PREDICTION, Method, Score


def _rows(model: Coefficients, arguments: str) -> Score:
    """Return SQL of the prediction for a row.

    The prediction is NULL if a feature is NULL, if the model has no such group, if a text column has a value
    that this group did not have in training, or if an aliased term is not the combination of other terms that
    it was in training.
    """
    return {PREDICTION: model.call("regr_predict", arguments)}


METHOD = Method(
    name="regr_train",
    columns={
        "coef": "double precision[]",
        "r2": "double precision",  # a model of glm_train has no r2
        "std_err": "double precision[]",
        "t_stats": "double precision[]",
        "p_values": "double precision[]",
        "feature_names": "text[]",
    },
    read=read_coefficients,
    rows=_rows,
    terms={"estimate": "coef", "std_error": "std_err", "t_value": "t_stats", "p_value": "p_values"},
)
predict = METHOD.predict
summary = METHOD.summary
