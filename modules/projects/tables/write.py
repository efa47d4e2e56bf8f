"""Models of other methods in the format that this module scores: the arrays of modules/sk/sk.h."""

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from madpy.modules.projects.models.layout import (
    ENCODE_NUMBER,
    ENCODE_ORDINAL,
    ENCODE_TARGET,
    FLAG_IMPUTE,
    MISSING_NOT,
    MODEL_SK,
    TASK_CLASSIFICATION,
    TASK_REGRESSION,
)
from madpy.ports.postgres.model import pack
from madpy.records import Record, field

OTHER = -1  # the code of a value that is none of the levels


class Input(Record):
    """An input and the columns that it becomes."""

    name: str
    levels: list[str] = field(default_factory=list)
    encode: int = ENCODE_NUMBER
    flags: int = 0
    fill: float = 0.0
    values: list[NDArray[np.float64]] = field(
        default_factory=list
    )  # a row for each level, and one for other values

    @property
    def width(self) -> int:
        return len(self.values[0]) if self.values else 1


class Content(Record):
    """A model: its kind, its classes, its inputs, and the arrays of the kind."""

    kind: int
    labels: Sequence[str]  # none in a regression
    outputs: int
    inputs: Sequence[Input]
    own: Sequence[NDArray[Any]]
    missing: int = MISSING_NOT


def coded(name: str, levels: Sequence[str]) -> Input:
    """Return an input that becomes the code of its level, or a number if it has no levels."""
    return Input(name, [*levels], ENCODE_ORDINAL) if levels else Input(name)


def weighed(name: str, levels: Sequence[str], values: list[NDArray[np.float64]]) -> Input:
    """Return a category that becomes several numbers: a row for each level, and one for other values."""
    return Input(name, [*levels], ENCODE_TARGET, FLAG_IMPUTE, float(OTHER), values)


def one_number(name: str, levels: Sequence[str], numbers: Sequence[float]) -> Input:
    """Return a category that becomes a number for each level; there is no prediction for other values."""
    return Input(name, [*levels], ENCODE_TARGET, values=[np.array([one]) for one in (*numbers, np.nan)])


def write_model(content: Content, header: dict[str, Any]) -> bytes:
    """Pack a model."""
    inputs = content.inputs
    values = [np.concatenate([np.zeros(0), *one.values]) for one in inputs]
    offsets = np.cumsum([0, *map(len, values)]).tolist()
    columns = sum(one.width for one in inputs)
    task = TASK_CLASSIFICATION if content.labels else TASK_REGRESSION
    arrays = [
        np.array([content.kind, task, columns, content.outputs, content.missing], np.int32),
        np.array([len(content.labels), *(len(one.levels) for one in inputs)], np.int32),
        *_texts([*content.labels, *itertools.chain(*(one.levels for one in inputs))]),
        *_texts([one.name for one in inputs]),
        np.array(
            [
                (one.encode, one.flags, one.width if one.values else 0, offset)
                for one, offset in zip(inputs, offsets[:-1], strict=True)
            ],
            np.int32,
        ).ravel(),
        np.array([(one.fill, 0, 1) for one in inputs], float).ravel(),
        np.concatenate([np.zeros(0), *values]),
        *content.own,
    ]
    return pack(MODEL_SK, header, arrays)


def _texts(texts: Sequence[str]) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Return where each text ends, in bytes, and the texts, in UTF-8, filled up to whole numbers."""
    data = [text.encode() for text in texts]
    joined = b"".join(data)
    ends = np.cumsum([len(one) for one in data], dtype=np.int32)
    return ends, np.frombuffer(joined + bytes(-len(joined) % 4), "<i4")
