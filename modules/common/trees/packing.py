"""The packed models of methods that grow many trees from the coded rows of a store."""

import json
from typing import Any

import numpy as np

from madpy.modules.common.trees.model import packed_texts
from madpy.ports.postgres.scan.scan import Scan
from madpy.ports.postgres.session.sql import fill


def packed_model(
    scan: Scan,
    method: str,
    group: str,
    header: dict[str, Any],
    classes: list[str],
    names: list[str],
    levels: list[list[str]],
) -> str:
    """Return SQL of the packed model of a group, given SQL of its number, by __<method>_model."""
    shape = np.array([len(classes), *map(len, levels)], np.int32)
    texts = packed_texts([*classes, *(level for known in levels for level in known)])
    named = packed_texts(names)
    return fill(
        "{schema:i}.{function:i}({store:l}, {group:q}, {json:l}, ARRAY[{texts:q}]::bytea[])",
        {
            "schema": scan.db.schema,
            "function": f"__{method}_model",
            "store": scan.store,
            "group": group,
            "json": json.dumps(header, allow_nan=False).encode(),
            "texts": ", ".join(
                fill("{b:l}", {"b": part.astype("<i4").tobytes()}) for part in (shape, *texts, *named)
            ),
        },
    )
