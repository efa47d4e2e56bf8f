"""Nodes as rows of the output table, with splits as a person writes them."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from madpy.modules.dtree.core import Array
from madpy.modules.dtree.grow import Trees, node_loss
from madpy.modules.dtree.model import Subject, thresholds
from madpy.modules.dtree.passes import Bins

SHOWN = 6  # levels in a split that is written down; `levels_left` has them all

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


def columns(subject: Subject) -> list[tuple[str, str]]:
    """Columns of the output table; the prediction has the target's type."""
    kind = subject.class_type if subject.classes else "double precision"
    return [(name, kind if name == "prediction" else sql_type) for name, sql_type in COLUMNS]


def rows(trees: Trees, bins: Bins, subject: Subject, complexity: Array) -> Iterator[tuple[int, list[Any]]]:
    """Pairs of a group and the values of `columns`, node by node."""
    threshold = thresholds(trees, bins)
    counts = trees.counts
    number = counts.sum(axis=1) if subject.classes else counts[:, 0]
    impurity = node_loss(counts, subject.criterion) / np.maximum(number, 1)
    depth = trees.depth
    for n in range(len(trees)):
        if number[n] == 0:
            continue
        leaf = trees.left[n] < 0
        levels = trees.levels_left.get(n)
        feature = None if leaf else subject.features.features[trees.feature[n]]
        names = feature.levels if feature and levels is not None else None
        is_left = (
            None
            if names is None or levels is None
            else [name for name, goes in zip(names, levels, strict=True) if goes]
        )
        limit = None if leaf or levels is not None else float(threshold[n])
        yield (
            int(trees.group[n]),
            [
                int(trees.number[n]),
                int(trees.number[n]) // 2 or None,
                int(depth[n]),
                None if feature is None else written(feature.name, limit, names, is_left),
                bool(leaf),
                int(number[n]),
                float(impurity[n]),
                subject.classes[int(counts[n].argmax())] if subject.classes else float(counts[n, 1]),
                counts[n].astype(np.int64).tolist() if subject.classes else None,
                None if feature is None else feature.name,
                limit,
                is_left,
                None if leaf else "right" if trees.null_right[n] else "left",
                None if leaf else int(trees.null_rows[n]),
                None if leaf else float(trees.gain[n]),
                None if leaf else float(complexity[n]),
            ],
        )


def sizes(trees: Trees, groups: int) -> list[tuple[int, int, int]]:
    """Of each group: nodes, leaves, depth."""
    nodes = np.bincount(trees.group, minlength=groups)
    leaves = np.bincount(trees.group[trees.left < 0], minlength=groups)
    depth = np.zeros(groups, np.int64)
    np.maximum.at(depth, trees.group, trees.depth)
    return list(zip(nodes.tolist(), leaves.tolist(), depth.tolist(), strict=True))


def written(name: str, limit: float | None, names: list[str] | None, is_left: list[str] | None) -> str:
    """The condition on which rows go left."""
    if limit is not None:
        return f"{name} is not null" if limit == np.inf else f"{name} <= {short(limit)}"
    few = is_left or []
    others = [level for level in names or [] if level not in set(few)]
    if names == ["false", "true"] and len(few) == 1:
        return name if few == ["true"] else f"not {name}"
    if len(others) < len(few):
        return f"{name} not in ({_listed(others)})" if len(others) > 1 else f"{name} <> {_listed(others)}"
    return f"{name} in ({_listed(few)})" if len(few) > 1 else f"{name} = {_listed(few)}"


def short(number: float) -> str:
    """A number with as many digits as a person reads; the model and `threshold` have all of them."""
    return f"{number:.6g}"


def _listed(levels: list[str]) -> str:
    more = f", and {len(levels) - SHOWN} more" if len(levels) > SHOWN else ""
    return ", ".join(levels[:SHOWN]) + more
