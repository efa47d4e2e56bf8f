"""nb_predict, nb_predict_prob and nb_create_view, from the record of what their models are."""

from madpy.errors import MadpyError
from madpy.helper.tables.packed import Packed, read_packed
from madpy.helper.tables.predictions import Method
from madpy.modules.nb.layout import MODEL_BAYES
from madpy.ports.postgres.scan.source import Source


def _read(method: Method, table: Source) -> Packed:
    model = read_packed(method, table, MODEL_BAYES)
    if model.label_type is None:
        raise MadpyError(
            "the model is damaged: it does not name its classes",
            sqlstate="22P03",
            hint="train the model again",
        )
    return model


METHOD = Method(
    name="nb_train",
    columns={
        "prior": "double precision",
        "variance": "double precision",
    },  # no other method's tables have both
    read=_read,
    rows=lambda model, arguments: model.each_row("nb_predict", arguments),
    classes=lambda model, arguments: model.each_class("nb_predict_prob", arguments),
)
predict = METHOD.predict
predict_prob = METHOD.predict_prob
create_view = METHOD.create_view
