"""Models in ONNX, checked and run by onnxruntime on values as SQL has them."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import onnx
import onnxruntime

from tests.projects.kept import quoted
from tests.session import Session
from tests.sk.scoring import close

ALL = "madlib.sk_predict_all(m.model, features)"
NULL = r"\N"  # what stands for a NULL of a text


class Runtime:
    """A session of onnxruntime for the bytes of a model."""

    def __init__(self, data: Any) -> None:
        onnx.checker.check_model(onnx.load_from_string(bytes(data)), full_check=True)
        self.session = onnxruntime.InferenceSession(bytes(data), providers=["CPUExecutionProvider"])
        self.inputs = [(one.name, one.shape, one.type) for one in self.session.get_inputs()]
        self.outputs = [one.name for one in self.session.get_outputs()]

    def __call__(self, rows: Sequence[Sequence[Any]]) -> dict[str, Any]:
        """Return the outputs for rows; the values of a row are in the order of the inputs, None for NULL."""
        columns = list(zip(*rows, strict=True)) if rows else [()] * len(self.inputs)
        given = {
            name: given_as(kind, values).reshape(len(rows), shape[1])
            for (name, shape, kind), values in zip(self.inputs, columns, strict=True)
        }
        return dict(zip(self.outputs, self.session.run(None, given), strict=True))


def given_as(kind: str, values: Sequence[Any]) -> Any:
    if kind == "tensor(string)":
        return np.array([NULL if value is None else value for value in values], object)
    return np.array([np.nan if value is None else value for value in values], float)


def imported(sql: Session, data: bytes) -> int:
    """Import a model into a project and return its number."""
    return int(sql.value(f"SELECT pgml.import_model('Imported', '\\x{data.hex()}')"))


def export(sql: Session, model: int) -> Runtime:
    """Return the runtime of a model of a project."""
    return Runtime(sql.value(f"SELECT pgml.export_model({model}, format => 'onnx')"))


def literal(value: Any) -> str:
    if value is None:
        return "NULL"
    return quoted(value) if isinstance(value, str) else f"'{value!r}'::float8"


def scored(sql: Session, model: int, rows: Sequence[Sequence[Any]], expression: str) -> list[Any]:
    """Evaluate SQL over the model m and the features r for each row."""
    names = ", ".join(f"f{n}" for n in range(len(rows[0])))
    values = ", ".join(f"({n}, {', '.join(map(literal, row))})" for n, row in enumerate(rows))
    return [
        one
        for (one,) in sql(
            f"SELECT {expression.replace('features', names)} FROM (VALUES {values}) AS r (n, {names}),"
            f" pgml.models AS m WHERE m.id = {model} ORDER BY n"
        )
    ]


def compare(
    sql: Session, model: int, rows: Sequence[Sequence[Any]], is_exact: bool = False
) -> dict[str, Any]:
    """Assert that onnxruntime and the database give the same for rows; return the outputs."""
    outputs = export(sql, model)(rows)
    if "label" in outputs:
        labels = scored(sql, model, rows, "madlib.sk_predict_class(m.model, features)")
        assert outputs["label"].tolist() == [NULL if label is None else label for label in labels]
    if "prediction" in outputs:
        is_cluster = sql(
            f"SELECT FROM pgml.models AS m JOIN pgml.projects AS p ON p.id = m.project_id"
            f" WHERE m.id = {model} AND p.task = 'clustering'"
        )
        call = "ARRAY[madlib.sk_predict(m.model, features)]" if is_cluster else ALL
        equal(outputs["prediction"], scored(sql, model, rows, call), is_exact)
    if "probabilities" in outputs:
        call = "(SELECT array_agg(p.probability) FROM madlib.sk_predict_prob(m.model, features) AS p)"
        equal(outputs["probabilities"], scored(sql, model, rows, call), is_exact)
    return outputs


def equal(given: Any, expected: Sequence[Any], is_exact: bool = False) -> None:
    """Assert that numbers agree, NaN with NULL: to the last bit or to 12 digits."""
    expected = np.array([[np.nan] * given.shape[1] if row is None else row for row in expected], float)
    if is_exact:
        np.testing.assert_array_equal(given, expected)
    else:
        np.testing.assert_array_equal(np.isnan(given), np.isnan(expected))
        close(given[~np.isnan(given)], expected[~np.isnan(expected)])
