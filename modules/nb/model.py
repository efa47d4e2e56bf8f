"""The packed model of naive Bayes, which nb_predict.c scores, with a record of its features."""

import itertools
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from madpy import __version__
from madpy.helper.features.classes import Classes
from madpy.helper.features.design import Design
from madpy.modules.nb.layout import MODEL_BAYES
from madpy.ports.postgres.model import pack_all

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Texts:
    """The parts that the models of all groups share: shape, texts of classes and levels, header."""

    header: dict[str, Any]
    arrays: list[NDArray[np.int32]]  # 0, 3 and 4 of nb_predict.c

    @classmethod
    def of(cls, features: Design, classes: Classes, smoothing: float) -> "Texts":
        levels = [feature.levels or [] for feature in features.features]
        texts = [text.encode() for text in itertools.chain(classes.labels, *levels)]
        joined = b"".join(texts)
        header = {
            "algorithm": "naive Bayes",
            "features": features.as_json(),
            "is_vector": features.is_vector,
            "classes": {"type": classes.sql_type, "labels": classes.labels},
            "smoothing": smoothing,
            "madpy_version": __version__,
        }
        return cls(
            header,
            [
                np.array([len(classes.labels), *map(len, levels)], np.int32),
                np.cumsum([len(text) for text in texts], dtype=np.int32),
                np.frombuffer(joined + bytes(-len(joined) % 4), "<i4"),
            ],
        )

    def models(self, priors: Array, terms: Array) -> list[bytes]:
        """Pack a model for each group, from the logarithms of priors (G, C) and the terms of all features."""
        shape, ends, texts = self.arrays
        return pack_all(MODEL_BAYES, self.header, [shape, priors, terms, ends, texts], len(priors))
