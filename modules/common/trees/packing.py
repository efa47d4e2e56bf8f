"""The packed models of methods that grow many trees from the coded rows of a store."""

import json

import numpy as np

from madpy.helper.features.subject import Subject
from madpy.modules.common.trees.model import packed_texts
from madpy.ports.postgres.scan.scan import Scan
from madpy.ports.postgres.session.sql import fill


def packed_model(scan: Scan, subject: Subject, method: str, algorithm: str, group: str) -> str:
    """Return SQL of the packed model of a group, given SQL of its number, by __<method>_model."""
    levels = [feature.levels or [] for feature in subject.features.features]
    shape = np.array([len(subject.classes), *map(len, levels)], np.int32)
    texts = packed_texts([*subject.classes, *(level for known in levels for level in known)])
    names = packed_texts(subject.features.names)
    return fill(
        "{schema:i}.{function:i}({store:l}, {group:q}, {json:l}, ARRAY[{texts:q}]::bytea[])",
        {
            "schema": scan.db.schema,
            "function": f"__{method}_model",
            "store": scan.store,
            "group": group,
            "json": json.dumps(subject.header(algorithm), allow_nan=False).encode(),
            "texts": ", ".join(
                fill("{b:l}", {"b": part.astype("<i4").tobytes()}) for part in (shape, *texts, *names)
            ),
        },
    )
