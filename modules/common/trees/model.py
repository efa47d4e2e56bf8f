"""Arrays of a model, one tree each, as score.c takes them.  Pure: numpy."""

import itertools
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from madpy.modules.common.trees import layout
from madpy.modules.common.trees.bins import Bins, bit_words
from madpy.modules.common.trees.counts import Array, Integers, divisor
from madpy.modules.common.trees.grow import Trees


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
        return trees.counts[:, layout.STAT_MEAN, None]
    result: Array = trees.counts / divisor(trees.counts.sum(axis=1, keepdims=True))
    return result


def with_rows(trees: Trees, groups: int, is_regression: bool) -> list[tuple[int, int]]:
    """Return where the nodes of each group's tree begin and end, for groups that have rows."""
    rows = trees.counts[:, layout.STAT_ROWS] if is_regression else trees.counts.sum(axis=1)
    starts = np.searchsorted(trees.group, np.arange(groups + 1)).tolist()
    return [(first, last) for first, last in itertools.pairwise(starts) if first < last and rows[first] > 0]


def arrays(
    trees: Trees,
    bins: Bins,
    classes: Sequence[str],
    levels: Sequence[Sequence[str]],
    spans: Sequence[tuple[int, int]],
) -> Iterator[list[NDArray[Any]]]:
    """Yield the arrays of each tree; `levels` are those of each feature, `spans` each tree's nodes."""
    threshold = thresholds(trees, bins)
    said = values(trees, not classes)
    ends, texts = packed_texts([*classes, *itertools.chain(*levels)])
    steps = np.zeros((len(trees), layout.STEP_FIELDS), np.int32)
    steps[:, layout.STEP_FEATURE] = trees.feature
    steps[:, layout.STEP_NULL_RIGHT] = trees.null_right
    for first, last in spans:
        own = slice(first, last)
        left = trees.left[own]
        steps[own, layout.STEP_LEFT] = np.where(left >= 0, left - first, 0)
        steps[own, layout.STEP_LEVELS], words = _words(trees, first, last)
        result: dict[int, NDArray[Any]] = {
            layout.MODEL_SHAPE: np.array([len(classes), *map(len, levels)], np.int32),
            layout.MODEL_STEPS: steps[own].ravel(),
            layout.MODEL_THRESHOLDS: threshold[own],
            layout.MODEL_LEVELS: words,
            layout.MODEL_VALUES: said[own].ravel(),
            layout.MODEL_ENDS: ends,
            layout.MODEL_TEXTS: texts,
        }
        yield [result[number] for number in range(layout.MODEL_FIELDS)]


def packed_texts(texts: Sequence[str]) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Return the end of each text, in bytes, and all texts."""
    encoded = [text.encode() for text in texts]
    joined = b"".join(encoded)
    ends = np.cumsum([len(text) for text in encoded], dtype=np.int32)
    return ends, np.frombuffer(joined + bytes(-len(joined) % 4), "<i4")


def _words(trees: Trees, first: int, last: int) -> tuple[Integers, NDArray[np.int32]]:
    """Return where the levels of each node's split begin, -1 for a split by a number, and all levels."""
    offsets = np.full(last - first, -1)
    words: list[int] = []
    for node in range(first, last):
        if node in trees.levels_left:
            offsets[node - first] = len(words)
            words += bit_words(trees.levels_left[node]).tolist()
    return offsets, np.array(words, np.uint32).view(np.int32)
