"""Fitted trees as arrays that C scores: modules/sk/sk_trees.h says what they are."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from madpy.worker.errors import ROWS, WorkerError
from madpy.worker.estimators.form import Form
from madpy.worker.layout import (
    KIND_TREES,
    NODE_MISSING_RIGHT,
    TREES_PLAIN,
    TREES_SUM,
)

NODE = np.dtype([("threshold", "<f8"), ("feature", "<i4"), ("child", "<i4")])
LEAF = np.float64(np.nan).view(np.int64) & ~np.int64(2**32 - 1)  # the bits of NaN with a lower half of 0
MOST_NODES = 2**27 - 1
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Tree:
    """A tree: an entry for each node; `left` of a leaf is negative, and `numbers` has a row for each node."""

    left: NDArray[Any]
    right: NDArray[Any]
    feature: NDArray[Any]
    threshold: Floats
    missing_left: NDArray[Any]
    numbers: Floats
    cover: NDArray[Any]  # weight of the rows of training in each node

    @classmethod
    def of(cls, estimator: Any, numbers: Floats, columns: NDArray[Any] | None = None) -> "Tree":
        """Return a tree of sklearn.tree; `columns` are those of the model that its features are."""
        tree = estimator.tree_
        feature = tree.feature if columns is None else np.asarray(columns)[np.maximum(tree.feature, 0)]
        missing_left = tree.__getstate__()["nodes"]["missing_go_to_left"]
        return cls(
            tree.children_left, tree.children_right, feature, tree.threshold, missing_left, numbers,
            tree.weighted_n_node_samples,
        )  # fmt: skip

    @classmethod
    def of_histograms(cls, predictor: Any) -> "Tree":
        """Return a tree of histogram-based gradient boosting."""
        nodes = predictor.nodes
        left = np.where(nodes["is_leaf"], -1, nodes["left"].astype(int))
        missing_left = nodes["missing_go_to_left"]
        return cls(
            left, nodes["right"].astype(int), nodes["feature_idx"], nodes["num_threshold"], missing_left,
            np.asarray(nodes["value"], float)[:, None], nodes["count"],
        )  # fmt: skip


def trees_form(
    trees: Sequence[Tree],
    outputs: int,
    *,
    rule: int = TREES_SUM,
    link: int = TREES_PLAIN,
    is_single: bool = True,
    zero_is_second: bool = False,
    divisor: float = 1.0,
    start: Any = 0.0,
    weights: Any = 1.0,
    others: Any = 0.0,
) -> Form:
    """Return the form of trees, whose numbers are added to the outputs in turn."""
    parts = [_laid_out(tree) for tree in trees]
    sizes = [len(nodes) for nodes, *_ in parts]
    if sum(sizes) > MOST_NODES:
        raise WorkerError(
            f"the trees have {sum(sizes)} nodes, and a model at most {MOST_NODES}",
            ROWS,
            "lower n_estimators or max_depth, or raise min_samples_leaf",
        )
    roots = np.cumsum([0, *sizes])[:-1]
    first_leaves = np.cumsum([0, *(len(numbers) for _, _, numbers, _ in parts)])
    width = parts[0][2].shape[1]
    for (nodes, leaves, *_), root, first_leaf in zip(parts, roots, first_leaves, strict=False):
        nodes["child"] += root
        nodes["threshold"].view(np.int64)[leaves] += first_leaf
    shape = [rule, link, len(trees), width, is_single, zero_is_second]
    first_outputs = np.arange(len(trees)) % (outputs if width == 1 else 1)
    both = np.stack(np.broadcast_arrays(weights, others, np.zeros(len(trees)))[:2], axis=1)
    return Form(
        KIND_TREES,
        outputs,
        [
            np.array(shape, np.int32),
            np.concatenate([roots, first_outputs]).astype(np.int32),
            np.concatenate([nodes for nodes, *_ in parts]).view(np.int32),
            np.concatenate([numbers for _, _, numbers, _ in parts]).ravel(),
            np.concatenate([[divisor], np.broadcast_to(start, outputs), both.ravel()]).astype(float),
            np.concatenate([cover for *_, cover in parts]),
        ],
    )


def _laid_out(tree: Tree) -> tuple[NDArray[Any], NDArray[Any], Floats, Floats]:
    """Return the nodes level by level, which of them are leaves, the numbers of these, and covers."""
    order = _levels(tree)
    places = np.zeros(len(tree.left), int)
    places[order] = np.arange(len(order))
    left = tree.left[order]
    is_leaf = left < 0
    nodes = np.zeros(len(order), NODE)
    nodes["threshold"] = tree.threshold[order]
    feature = tree.feature[order].astype(np.int64)
    feature += np.where(tree.missing_left[order].astype(bool), 0, NODE_MISSING_RIGHT)
    nodes["feature"] = np.where(is_leaf, 0, feature)
    nodes["child"] = np.where(is_leaf, np.arange(len(order)), places[np.maximum(left, 0)])
    leaves = np.flatnonzero(is_leaf)
    nodes["threshold"].view(np.int64)[leaves] = LEAF + np.arange(len(leaves))
    numbers = np.ascontiguousarray(tree.numbers[order[is_leaf]], float)
    return nodes, leaves, numbers, tree.cover[order].astype(float)


def _levels(tree: Tree) -> NDArray[Any]:
    """Return the nodes in the order of their levels, children of one node side by side."""
    level = np.zeros(1, int)
    levels = [level]
    while len(inner := level[tree.left[level] >= 0]):
        level = np.stack([tree.left[inner], tree.right[inner]], axis=1).ravel().astype(int)
        levels.append(level)
    return np.concatenate(levels)
