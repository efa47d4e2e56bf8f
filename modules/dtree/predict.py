"""dtree_predict and dtree_predict_prob, from the record of what their models are."""

from madpy.errors import MadpyError
from madpy.helper.tables.packed import Packed, read_packed
from madpy.helper.tables.predictions import Method, Score
from madpy.modules.dtree.layout import MODEL_TREE


def _rows(model: Packed, arguments: str) -> Score:
    function = "dtree_predict_number" if model.label_type is None else "dtree_predict"
    return model.each_row(function, arguments)


def _classes(model: Packed, arguments: str) -> Score:
    if model.label_type is None:
        raise MadpyError("a regression has no probabilities", hint="use dtree_predict")
    return model.each_class("dtree_predict_prob", arguments)


METHOD = Method(
    name="dtree_train",
    columns={"node": "bigint", "split": "text"},  # no other method's tables have both
    read=lambda method, table: read_packed(method, table, MODEL_TREE),
    rows=_rows,
    classes=_classes,
)
predict = METHOD.predict
predict_prob = METHOD.predict_prob
