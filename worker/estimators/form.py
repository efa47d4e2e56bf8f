"""Arrays that C scores, made from a fitted estimator: one kind of arrays for each way to predict."""

from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray


@dataclass(frozen=True)
class Form:
    """A kind of worker/layout.py, how many values it computes, and its own arrays, float64 or int32."""

    kind: int
    outputs: int
    arrays: list[NDArray[Any]]
