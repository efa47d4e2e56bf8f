"""The model bytes of a tree: what dtree_predict.c scores, and what Python knows of it again."""

import itertools
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from madpy import __version__
from madpy.helper.features.categories import Features
from madpy.modules.dtree.bins import Bins, bit_words
from madpy.modules.dtree.core import Array
from madpy.modules.dtree.grow import Trees
from madpy.modules.dtree.layout import MODEL_TREE
from madpy.ports.postgres.model import pack_each


@dataclass(frozen=True)
class Subject:
    """The features and classes of a tree: labels of SQL type `class_type`, or none in a regression."""

    features: Features
    classes: list[str]
    class_type: str
    criterion: str

    def header(self) -> dict[str, Any]:
        return {
            "algorithm": "decision tree",
            "features": self.features.as_json(),
            "is_vector": self.features.is_vector,
            "classes": {"type": self.class_type, "labels": self.classes} if self.classes else None,
            "criterion": self.criterion,
            "madpy_version": __version__,
        }


def thresholds(trees: Trees, bins: Bins) -> Array:
    """Return for each node the largest value that goes left; infinity where all but NULL do, 0 for none."""
    result = np.zeros(len(trees))
    for feature, edges in enumerate(bins.edges):
        if bins.levels[feature] is None:
            nodes = np.flatnonzero((trees.left >= 0) & (trees.feature == feature))
            cuts = np.pad(edges, [(0, 0), (0, 1)], constant_values=np.inf)
            at = np.minimum(trees.last_left[nodes], cuts.shape[1] - 1)
            result[nodes] = cuts[trees.group[nodes], at]
    return np.where(np.isnan(trees.threshold), result, trees.threshold)


def values(trees: Trees, is_regression: bool) -> Array:
    """Return the prediction of each node: a mean, shape (N, 1), or shares of the classes, shape (N, K)."""
    if is_regression:
        return trees.counts[:, 1:2]
    result: Array = trees.counts / np.maximum(trees.counts.sum(axis=1, keepdims=True), 1)
    return result


def models(trees: Trees, bins: Bins, subject: Subject, groups: int) -> list[bytes | None]:
    """The bytes of each group's tree; None where the group has no rows."""
    threshold = thresholds(trees, bins)
    said = values(trees, not subject.classes)
    rows = trees.counts[:, 0] if not subject.classes else trees.counts.sum(axis=1)
    starts = np.searchsorted(trees.group, np.arange(groups + 1))
    levels = [feature.levels or [] for feature in subject.features.features]
    texts = [text.encode() for text in itertools.chain(subject.classes, *levels)]
    joined = b"".join(texts)
    shape = np.array([len(subject.classes), *map(len, levels)], np.int32)
    ends = np.cumsum([len(text) for text in texts], dtype=np.int32)
    packed_texts = np.frombuffer(joined + bytes(-len(joined) % 4), "<i4")
    left = np.where(trees.left >= 0, trees.left - starts[trees.group], 0)
    nodes = np.stack([trees.feature, left, trees.null_right, np.full(len(trees), -1)], 1).astype(np.int32)

    def arrays(first: int, last: int) -> list[NDArray[Any]]:
        own = slice(first, last)
        nodes[own, 3], words = _words(trees, first, last)
        return [shape, nodes[own].ravel(), threshold[own], words, said[own].ravel(), ends, packed_texts]

    there = [pair for pair in itertools.pairwise(starts.tolist()) if pair[0] < pair[1] and rows[pair[0]] > 0]
    packed = pack_each(MODEL_TREE, subject.header(), (arrays(*pair) for pair in there))
    result: list[bytes | None] = [None] * groups
    for (first, _), data in zip(there, packed, strict=True):
        result[int(trees.group[first])] = data
    return result


def _words(trees: Trees, first: int, last: int) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    """Where the levels of each node's split begin, -1 where it is of numbers, and all of them."""
    offsets = np.full(last - first, -1)
    words: list[int] = []
    for node in range(first, last):
        if node in trees.levels_left:
            offsets[node - first] = len(words)
            words += bit_words(trees.levels_left[node]).tolist()
    return offsets, np.array(words, np.uint32).view(np.int32)
