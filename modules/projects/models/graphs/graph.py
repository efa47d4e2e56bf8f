"""A graph of ONNX that grows node by node; the only file that knows the package onnx."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray

from madpy import __version__

# Versions of the first release of ONNX, 1.16, whose trees are in doubles.
IR_VERSION = 10
OPSET = 21
OPSET_ML = 5
ML = "ai.onnx.ml"
ROWS = "rows"  # the name of the number of rows, in the shapes of inputs and outputs
BOOL = onnx.TensorProto.BOOL
DOUBLE = onnx.TensorProto.DOUBLE
INT64 = onnx.TensorProto.INT64
STRING = onnx.TensorProto.STRING
SINGLE = onnx.TensorProto.FLOAT
Value = str | float | NDArray[Any]


class Graph:
    """Nodes, constants, inputs and outputs; a value is known by its name, and no two have the same."""

    def __init__(self) -> None:
        self._model = onnx.ModelProto(
            ir_version=IR_VERSION, producer_name="madpy", producer_version=__version__
        )
        self._model.opset_import.add(domain="", version=OPSET)
        self._model.opset_import.add(domain=ML, version=OPSET_ML)
        self._graph = self._model.graph
        self._graph.name = "madpy"
        self._names = {""}  # an input without a name is one that is left out
        self._count = 0

    def input(self, name: str, kind: int, width: int) -> str:
        """Add an input with `width` values for each row; return its name, another one if this is taken."""
        name = self._named(name)
        self._graph.input.append(onnx.helper.make_tensor_value_info(name, kind, [ROWS, width]))
        return name

    def output(self, name: str, value: str, kind: int, *width: int) -> None:
        """Have a value be an output; without a width it is one-dimensional."""
        name = self._named(name)
        self._graph.node.append(onnx.helper.make_node("Identity", [value], [name]))
        self._graph.output.append(onnx.helper.make_tensor_value_info(name, kind, [ROWS, *width]))

    def node(self, operator: str, *values: Value, domain: str = "", **attributes: Any) -> str:
        """Add a node and return the name of its first output; numbers and arrays become constants."""
        return self.several(operator, 1, *values, domain=domain, **attributes)[0]

    def several(
        self, operator: str, outputs: int, *values: Value, domain: str = "", **attributes: Any
    ) -> list[str]:
        """Add a node and return the names of its outputs."""
        names = [value if isinstance(value, str) else self._constant(np.asarray(value)) for value in values]
        made = [self._new() for _ in range(outputs)]
        node = onnx.helper.make_node(operator, names, made, domain=domain)
        node.attribute.extend(_attribute(name, value) for name, value in attributes.items())
        self._graph.node.append(node)
        return made

    def joined(self, values: Sequence[str]) -> str:
        """Return values side by side, as columns."""
        return values[0] if len(values) == 1 else self.node("Concat", *values, axis=1)

    def flat(self, value: str) -> str:
        """Return a value that has one column without it."""
        return self.node("Squeeze", value, np.array([1]))

    def column(self, value: str) -> str:
        """Return a value of one dimension as a column."""
        return self.node("Unsqueeze", value, np.array([1]))

    def model(self, facts: dict[str, str]) -> bytes:
        """Return the bytes of the whole; `facts` are for people."""
        onnx.helper.set_model_props(self._model, facts)
        return bytes(self._model.SerializeToString())

    def _named(self, name: str) -> str:
        """Return this name, or if it is taken the first free one of name_2, name_3, ..."""
        made, number = name, 2
        while made in self._names:
            made, number = f"{name}_{number}", number + 1
        self._names.add(made)
        return made

    def _new(self) -> str:
        """Return a name for a value that only nodes see."""
        self._count += 1
        return self._named(f"v{self._count}")

    def _constant(self, array: NDArray[Any]) -> str:
        name = self._new()
        self._graph.initializer.append(onnx.numpy_helper.from_array(array, name))
        return name


def _attribute(name: str, value: Any) -> onnx.AttributeProto:
    """Return an attribute; onnx.helper would check each of a million whole numbers."""
    if isinstance(value, np.ndarray) and value.dtype == np.int64:
        return onnx.AttributeProto(name=name, type=onnx.AttributeProto.INTS, ints=value.tolist())
    if isinstance(value, np.ndarray):
        value = onnx.numpy_helper.from_array(value)
    return onnx.helper.make_attribute(name, value)
