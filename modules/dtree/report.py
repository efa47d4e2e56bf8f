"""Nodes as rows of the output table, with readable splits."""

import numpy as np
from numpy.typing import NDArray

from madpy.helper.features.subject import Subject
from madpy.helper.tables.output import Column, Pieces
from madpy.modules.common.trees.bins import Bins
from madpy.modules.common.trees.counts import Array, divisor
from madpy.modules.common.trees.grow import Trees, node_loss
from madpy.modules.common.trees.layout import STAT_MEAN, STAT_ROWS
from madpy.modules.common.trees.model import thresholds
from madpy.modules.common.trees.split_text import among, below
from madpy.ports.postgres.session.types import array_text

COLUMNS = [
    ("node", "bigint"),
    ("parent", "bigint"),
    ("depth", "integer"),
    ("split", "text"),
    ("is_leaf", "boolean"),
    ("num_rows", "bigint"),
    ("impurity", "double precision"),
    ("prediction", "text"),
    ("class_counts", "bigint[]"),
    ("feature", "text"),
    ("threshold", "double precision"),
    ("levels_left", "text[]"),
    ("null_goes", "text"),
    ("num_null", "bigint"),
    ("gain", "double precision"),
    ("complexity", "double precision"),
]


COUNTS = ["num_rows", "class_counts", "num_null"]
WEIGHTED_COLUMNS = [
    (name, sql_type.replace("bigint", "double precision") if name in COUNTS else sql_type)
    for name, sql_type in COLUMNS
]


def columns(subject: Subject) -> list[tuple[str, str]]:
    """Return the columns of the output table; the prediction has the target's type."""
    kind = subject.class_type if subject.classes else "double precision"
    if kind == "character":
        kind = "bpchar"  # any length; "character" alone has one character
    known = WEIGHTED_COLUMNS if subject.is_weighted else COLUMNS
    return [(name, kind if name == "prediction" else sql_type) for name, sql_type in known]


def cells(
    trees: Trees, bins: Bins, subject: Subject, complexity: Array
) -> tuple[NDArray[np.int64], dict[str, Column]]:
    """Return the cells of the output table, and the group of each row: the nodes that have rows, in order."""
    counts = trees.counts
    number = rows_of_nodes(trees, subject)
    rows = np.flatnonzero(number > 0)
    leaf = trees.left < 0
    values: dict[str, Column] = {
        "node": trees.number[rows],
        "parent": np.where(trees.number > 1, trees.number // 2, np.nan)[rows],
        "depth": trees.depth[rows],
        "is_leaf": leaf[rows],
        "num_rows": number[rows],
        "impurity": (node_loss(counts, subject.criterion) / divisor(number))[rows],
        "prediction": Pieces(counts[rows].argmax(axis=1), subject.classes)
        if subject.classes
        else counts[rows, STAT_MEAN],
        "class_counts": counts[rows] if subject.classes else np.full((len(rows), 1), np.nan),
        "feature": Pieces(np.where(leaf, -1, trees.feature)[rows], subject.features.names),
        "null_goes": Pieces(np.where(leaf, -1, trees.null_right)[rows], ["left", "right"]),
        "num_null": np.where(leaf, np.nan, trees.null_rows)[rows],
        "gain": np.where(leaf, np.nan, trees.gain)[rows],
        "complexity": np.where(leaf, np.nan, complexity)[rows],
    }
    return trees.group[rows], values | _splits(trees, bins, subject, rows)


def rows_of_nodes(trees: Trees, subject: Subject) -> Array:
    """Return the rows of each node, or the sum of their weights."""
    counts = trees.counts
    return counts.sum(axis=1) if subject.classes else counts[:, STAT_ROWS]


def _splits(trees: Trees, bins: Bins, subject: Subject, nodes: NDArray[np.int64]) -> dict[str, Column]:
    """Return the cells that define which rows go left."""
    limits = thresholds(trees, bins)
    features = subject.features.features
    said: list[str | None] = []
    lefts: list[str | None] = []
    for n in nodes.tolist():
        feature = features[trees.feature[n]]
        levels = trees.levels_left.get(n)
        if trees.left[n] < 0:
            said.append(None)
            lefts.append(None)
        elif levels is None or feature.levels is None:
            said.append(below(feature.name, float(limits[n])))
            lefts.append(None)
        else:
            is_left = [name for name, goes in zip(feature.levels, levels, strict=True) if goes]
            said.append(among(feature.name, feature.levels, is_left))
            lefts.append(array_text(is_left))
    is_number = (trees.left >= 0) & ~np.isin(np.arange(len(trees)), list(trees.levels_left))
    return {
        "split": Pieces.of(said),
        "threshold": np.where(is_number, limits, np.nan)[nodes],
        "levels_left": Pieces.of(lefts),
    }


def sizes(trees: Trees, groups: int) -> dict[str, Column]:
    """Return the number of nodes, of leaves, and the depth of each group's tree."""
    depth = np.zeros(groups, np.int64)
    np.maximum.at(depth, trees.group, trees.depth)
    return {
        "num_nodes": np.bincount(trees.group, minlength=groups),
        "num_leaves": np.bincount(trees.group[trees.left < 0], minlength=groups),
        "depth": depth,
    }
