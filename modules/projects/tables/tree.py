"""Trees of dtree_train as trees in one format, which keep the rows of each node, and compare columns only.

A split by a set of levels has a column of its own, which is 0 for the levels that go left, and 1 for others.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from madpy.helper.features.design import Design
from madpy.modules.common.trees.layout import (
    MODEL_LEVELS,
    MODEL_STEPS,
    MODEL_THRESHOLDS,
    MODEL_VALUES,
    STEP_FEATURE,
    STEP_FIELDS,
    STEP_LEFT,
    STEP_LEVELS,
    STEP_NULL_RIGHT,
)
from madpy.modules.projects.models.layout import (
    KIND_TREES,
    MISSING_NAN_ONLY,
    NODE_MISSING_RIGHT,
    TREES_PLAIN,
    TREES_SUM,
)
from madpy.modules.projects.models.sums import NODE
from madpy.modules.projects.tables.write import Content, Input, coded, weighed

Array = NDArray[Any]
MIDDLE = 0.5  # between the columns of levels that go left and of those that go right


def tree_content(
    design: Design, labels: list[str], arrays: list[Array], rows: Mapping[int, float]
) -> Content:
    """Return a tree, given its arrays, which C has checked, and the rows of each node by its number.

    Node n has the children 2 n and 2 n + 1; the root is node 1.  Raises KeyError if a node has no rows.
    """
    width = max(len(labels), 1)
    steps = arrays[MODEL_STEPS].reshape(-1, STEP_FIELDS)
    inputs, nodes = [], _nodes(arrays, steps)
    first = 0
    for number, feature in enumerate(design.features):
        own = np.flatnonzero(steps[:, STEP_FEATURE] == number)
        if feature.levels and len(own):
            inputs.append(_sets(feature.name, feature.levels, arrays[MODEL_LEVELS], steps[own]))
            nodes["feature"][own] = first + np.arange(len(own))
            nodes["threshold"][own] = MIDDLE
        else:
            inputs.append(coded(feature.name, feature.levels or []))
            nodes["feature"][own] = np.where(
                steps[own, STEP_NULL_RIGHT] == 1, first | NODE_MISSING_RIGHT, first
            )
        first += inputs[-1].width
    own_arrays = [
        np.array([TREES_SUM, TREES_PLAIN, 1, width, 0, 0], np.int32),
        np.zeros(2, np.int32),  # the root, and the first output
        nodes.view("<i4"),
        arrays[MODEL_VALUES],
        np.array([1.0, *[0.0] * width, 1.0, 1.0]),
        np.array(_weights(steps, rows), float),
    ]
    return Content(KIND_TREES, labels, width, inputs, own_arrays, MISSING_NAN_ONLY)


def _nodes(arrays: list[Array], steps: Array) -> Array:
    """Return the nodes without their columns; a leaf has its number in the lower half of a NaN."""
    nodes = np.zeros(len(steps), NODE)
    numbers = np.arange(len(steps))
    is_leaf = steps[:, STEP_FEATURE] < 0
    leaves = np.column_stack([numbers, np.full(len(steps), 0x7FF80000)]).astype("<u4").view("<f8")[:, 0]
    nodes["threshold"] = np.where(is_leaf, leaves, arrays[MODEL_THRESHOLDS])
    nodes["child"] = np.where(is_leaf, numbers, steps[:, STEP_LEFT])
    return nodes


def _sets(name: str, levels: list[str], words: Array, steps: Array) -> Input:
    """Return a category with a column for each split by its levels; other values go where NULL does."""
    codes = np.arange(len(levels))
    bits = words.view("<u4")[steps[:, STEP_LEVELS] + codes[:, None] // 32] >> (codes[:, None] % 32) & 1
    return weighed(name, levels, [*(1.0 - bits), (steps[:, STEP_NULL_RIGHT] == 1).astype(float)])


def _weights(steps: Array, rows: Mapping[int, float]) -> list[float]:
    """Return the rows of each node."""
    numbers = [1] + [0] * (len(steps) - 1)
    weights = []
    for n, (feature, left) in enumerate(steps[:, [STEP_FEATURE, STEP_LEFT]].tolist()):
        weights.append(rows[numbers[n]])
        if feature >= 0:
            numbers[left], numbers[left + 1] = 2 * numbers[n], 2 * numbers[n] + 1
    return weights
