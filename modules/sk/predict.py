"""sk_predict, sk_predict_prob and sk_create_view over tables, from the record of what their models are."""

from madpy.errors import MadpyError
from madpy.helper.checks.arguments import quoted
from madpy.helper.features.categories import row_of
from madpy.helper.features.classes import label_type
from madpy.helper.features.design import Design, read_features
from madpy.helper.tables.models import groups_before, no_model
from madpy.helper.tables.packed import Packed
from madpy.helper.tables.predictions import PREDICTION, Method, Score
from madpy.modules.sk.layout import MODEL_SK
from madpy.ports.postgres.model import unpack
from madpy.ports.postgres.scan.source import Source

FIRST = "num_rows_processed"  # the column behind the grouping columns
NUMBER = {"regression": "double precision", "clustering": "integer"}


class Fitted(Packed):
    """A model table of sk_train, whose features are given to C as they are: C knows the levels."""

    task: str
    outputs: int

    def vector(self, source: Source, features: str | None) -> str:
        """Return SQL of the features of a row: numbers, and texts of categories."""
        return row_of(source, self.features, features)


def _read(method: Method, table: Source) -> Fitted:
    """Read and check a model, given its table."""
    rows = table.db.execute("SELECT model FROM {t:i} WHERE model IS NOT NULL LIMIT 1", t=table)
    if not rows:
        raise MadpyError(f"table {quoted(table.name)} has no model", hint="train it again")
    groups = groups_before(table, FIRST)
    if "metrics" in groups:  # a table of sk_compare, with models of other algorithms in its rows
        raise no_model(table, method.name)
    header, arrays = unpack(rows[0]["model"], MODEL_SK)
    classes = header.get("classes")
    design: Design = read_features(header.get("features"), header.get("is_vector", False))
    return Fitted(
        table,
        groups,
        design,
        label_type(str(classes.get("type"))) if isinstance(classes, dict) else None,
        str(header.get("task")),
        int(arrays[0][3]) if len(arrays) and len(arrays[0]) > 3 else 1,
    )


def _rows(model: Fitted, arguments: str) -> Score:
    if model.task == "classification":
        return model.each_row("sk_predict_class", arguments)
    if model.task == "decomposition" or (model.task == "regression" and model.outputs > 1):
        return {PREDICTION: model.call("sk_predict_all", arguments)}
    return {PREDICTION: f"{model.call('sk_predict', arguments)}::{NUMBER[model.task]}"}


def _classes(model: Fitted, arguments: str) -> Score:
    if model.task != "classification":
        raise MadpyError("the model has no classes", hint="use sk_predict")
    return model.each_class("sk_predict_prob", arguments)


METHOD = Method(
    name="sk_train",
    columns={FIRST: "bigint", "metrics": "jsonb", "warnings": "jsonb", "model": "bytea"},
    read=_read,
    rows=_rows,
    classes=_classes,
)
predict = METHOD.predict
predict_prob = METHOD.predict_prob
create_view = METHOD.create_view
