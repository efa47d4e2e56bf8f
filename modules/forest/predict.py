"""forest_predict and forest_predict_prob, from the record of what their models are."""

from madpy.errors import MadpyError
from madpy.helper.tables.packed import Packed, read_packed
from madpy.helper.tables.predictions import Method, Score
from madpy.modules.forest.layout import MODEL_FOREST


def _rows(model: Packed, arguments: str) -> Score:
    function = "forest_predict_number" if model.label_type is None else "forest_predict"
    return model.each_row(function, arguments)


def _classes(model: Packed, arguments: str) -> Score:
    if model.label_type is None:
        raise MadpyError("a regression has no probabilities", hint="use forest_predict")
    return model.each_class("forest_predict_prob", arguments)


METHOD = Method(
    name="forest_train",
    columns={"tree": "integer", "oob_error": "double precision"},  # no other method's tables have both
    read=lambda method, table: read_packed(method, table, MODEL_FOREST),
    rows=_rows,
    classes=_classes,
)
predict = METHOD.predict
predict_prob = METHOD.predict_prob
