"""Models in ONNX, checked and run by onnxruntime on values as SQL has them."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import onnx
import onnxruntime

NULL = r"\N"  # what stands for a NULL of a text
TYPES = {"tensor(double)": np.float64, "tensor(string)": np.object_}


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
