"""boost_predict and boost_predict_prob, from the record of what their models are."""

from madpy.errors import MadpyError
from madpy.helper.tables.packed import Packed, read_packed
from madpy.helper.tables.predictions import Method, Score
from madpy.modules.boost.layout import MODEL_BOOST


def _rows(model: Packed, arguments: str) -> Score:
    function = "boost_predict_number" if model.label_type is None else "boost_predict"
    return model.each_row(function, arguments)


def _classes(model: Packed, arguments: str) -> Score:
    if model.label_type is None:
        raise MadpyError("a regression has no probabilities", hint="use boost_predict")
    return model.each_class("boost_predict_prob", arguments)


METHOD = Method(
    name="boost_train",
    columns={"round": "integer", "validation_loss": "double precision"},  # no other method's tables have both
    read=lambda method, table: read_packed(method, table, MODEL_BOOST),
    rows=_rows,
    classes=_classes,
)
predict = METHOD.predict
predict_prob = METHOD.predict_prob
