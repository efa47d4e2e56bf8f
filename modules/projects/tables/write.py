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
    MODEL_SK,
    TASK_CLASSIFICATION,
    TASK_REGRESSION,
)
from madpy.ports.postgres.model import pack
from madpy.records import Record, field

PLAIN = (0.0, 0.0, 1.0)  # fill, center and scale of an input that is not changed


class Input(Record):
    """An input, which becomes one column: a number, the code of a level, or a number for each level."""

    name: str
    levels: list[str] = field(default_factory=list)
    encode: int = ENCODE_NUMBER
    values: list[float] = field(default_factory=list)  # of each level, and of other values


class Content(Record):
    """A model: its kind, its classes, its inputs, and the arrays of the kind."""

    kind: int
    labels: Sequence[str]  # none in a regression
    outputs: int
    inputs: Sequence[Input]
    own: Sequence[NDArray[Any]]
    missing: int = 0  # whether columns may be missing; see sk.h


def coded(name: str, levels: Sequence[str]) -> Input:
    """Return an input that becomes the code of its level, or a number if it has no levels."""
    return Input(name, [*levels], ENCODE_ORDINAL) if levels else Input(name)


def weighed(name: str, levels: Sequence[str], values: Sequence[float]) -> Input:
    """Return an input that becomes a number for each level; without a prediction for other values."""
    return Input(name, [*levels], ENCODE_TARGET, [*values, np.nan])


def write_model(content: Content, header: dict[str, Any]) -> bytes:
    """Pack a model."""
    inputs = content.inputs
    widths = [1 if one.encode == ENCODE_TARGET else 0 for one in inputs]
    offsets = np.cumsum([0, *(len(one.values) for one in inputs)]).tolist()
    task = TASK_CLASSIFICATION if content.labels else TASK_REGRESSION
    arrays = [
        np.array([content.kind, task, len(inputs), content.outputs, content.missing], np.int32),
        np.array([len(content.labels), *(len(one.levels) for one in inputs)], np.int32),
        *_texts([*content.labels, *itertools.chain(*(one.levels for one in inputs))]),
        *_texts([one.name for one in inputs]),
        np.array(
            [
                (one.encode, 0, width, offset)
                for one, width, offset in zip(inputs, widths, offsets[:-1], strict=True)
            ],
            np.int32,
        ).ravel(),
        np.array([PLAIN] * len(inputs), float).ravel(),
        np.array([*itertools.chain(*(one.values for one in inputs))], float),
        *content.own,
    ]
    return pack(MODEL_SK, header, arrays)


def _texts(texts: Sequence[str]) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Return where each text ends, in bytes, and the texts, in UTF-8, filled up to whole numbers."""
    data = [text.encode() for text in texts]
    joined = b"".join(data)
    ends = np.cumsum([len(one) for one in data], dtype=np.int32)
    return ends, np.frombuffer(joined + bytes(-len(joined) % 4), "<i4")
