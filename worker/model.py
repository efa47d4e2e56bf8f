"""The arrays of a model, as modules/sk/sk.h names them: what C needs to score it."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from madpy.worker.estimators.form import Form
from madpy.worker.layout import (
    KIND_LINEAR,
    TASK_CLASSIFICATION,
    TASK_CLUSTERING,
    TASK_DECOMPOSITION,
    TASK_REGRESSION,
)
from madpy.worker.preparation import Input, Learned

TASKS = {
    "regression": TASK_REGRESSION,
    "classification": TASK_CLASSIFICATION,
    "clustering": TASK_CLUSTERING,
    "decomposition": TASK_DECOMPOSITION,
}


def arrays_of(
    task: str,
    form: Form,
    inputs: Sequence[Input],
    learned: Sequence[Learned],
    classes: Sequence[str],
    takes_nan: bool,
    means: NDArray[np.float64] | None,
) -> list[NDArray[Any]]:
    """Return the arrays of a model in the order of sk.h; `means`, which a linear model has, is the mean of
    each column in training.
    """
    levels = [one.levels or [] for one in inputs]
    columns = sum(what.columns(len(own)) for what, own in zip(learned, levels, strict=True))
    offsets = np.cumsum([0, *(what.values.size for what in learned)])
    return [
        np.array([form.kind, TASKS[task], columns, form.outputs, int(takes_nan)], np.int32),
        np.array([len(classes), *map(len, levels)], np.int32),
        *_texts([*classes, *(level for own in levels for level in own)]),
        *_texts([one.name for one in inputs]),
        np.array(
            [
                (what.encode, what.flags, what.values.shape[1], offset)
                for what, offset in zip(learned, offsets, strict=False)
            ],
            np.int32,
        ).ravel(),
        np.array([(what.fill, what.center, what.scale) for what in learned]).ravel(),
        np.concatenate([np.zeros(0), *(what.values.ravel() for what in learned)]),
        *form.arrays,
        *([np.asarray(means, float)] if form.kind == KIND_LINEAR else []),
    ]


def _texts(texts: Sequence[str]) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Return where each text ends, in bytes, and the texts, in UTF-8, filled up to whole numbers."""
    data = [text.encode() for text in texts]
    joined = b"".join(data)
    ends = np.cumsum([len(one) for one in data], dtype=np.int32)
    return ends, np.frombuffer(joined + bytes(-len(joined) % 4), "<i4")
