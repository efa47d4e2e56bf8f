"""Numbers around the thresholds of trees."""

from typing import Any

import numpy as np

from madpy.modules.sk.layout import MODEL_SK
from madpy.ports.postgres.model import unpack
from tests.session import Session

NODE = np.dtype([("threshold", "<f8"), ("feature", "<i4"), ("child", "<i4")])


def bounds(sql: Session, model: int) -> Any:
    """Return numbers at, below and above the thresholds of a model, and at steps of float32 around them."""
    (data,) = sql(f"SELECT model FROM pgml.models WHERE id = {model}")[0]
    _, arrays = unpack(bytes(data), MODEL_SK)
    nodes = np.frombuffer(arrays[11].astype("<i4").tobytes(), NODE)
    edges = nodes["threshold"][~np.isnan(nodes["threshold"])]
    single = edges.astype(np.float32)
    around = [
        edges,
        single,
        np.nextafter(single, np.float32(-np.inf)),
        np.nextafter(single, np.float32(np.inf)),
    ]
    middles = [(edges + other.astype(float)) / 2 for other in around[1:]]
    pairs = [(around[1].astype(float) + other.astype(float)) / 2 for other in around[2:]]
    every = np.concatenate([one.astype(float) for one in [*around, *middles, *pairs]])
    return np.unique(np.concatenate([np.nextafter(every, -np.inf), every, np.nextafter(every, np.inf)]))
