"""Drawings of a tree of each group's model of many trees, read from a summary table."""

from collections.abc import Sequence
from typing import Any

from madpy.errors import MadpyError
from madpy.modules.common.trees.display import Node, Tree
from madpy.modules.common.trees.formats import FORMATS, MOST_TREES, for_client
from madpy.modules.common.trees.packed_nodes import class_shares, node_numbers
from madpy.modules.common.trees.split_text import among, below
from madpy.ports.postgres.scan.source import Source
from madpy.ports.postgres.session.db import Database

DEEPEST = 12  # a drawing has at most 2^13 - 1 nodes of a tree


def draw_packed_trees(
    db: Database,
    summary: Source,
    groups: str,
    order: str,
    method: str,
    tree: int,
    max_depth: int,
    format: str,
    *,
    has_shares: bool = True,
) -> str:
    """Draw a tree of each group in one of the formats; the method has a function __<method>_tree.

    `groups` and `order` are SQL of the group of a row of the summary, m, and of the order of groups.  With
    `has_shares` the numbers of the leaves of a classification are shares of classes.
    """
    rows = db.execute(
        """
        SELECT {groups:q} AS groups, m.classes, t.*
        FROM {summary:i} AS m, {schema:i}.{function:i}(m.model, {tree:l}, {depth:l}) AS t
        ORDER BY {order:q} t.node
        """,
        groups=groups,
        summary=summary,
        function=f"__{method}_tree",
        tree=tree,
        depth=max_depth,
        order=order,
    )
    roots = [n for n, row in enumerate(rows) if row["node"] == 0]
    if len(roots) > MOST_TREES:
        raise MadpyError(
            f"{len(roots)} trees are too many to display at once",
            hint=f"train on fewer groups: the most is {MOST_TREES}",
        )
    ends = [*roots[1:], len(rows)]
    trees = [_tree(rows[first:end], max_depth, has_shares) for first, end in zip(roots, ends, strict=True)]
    return for_client(db, FORMATS[format](trees))


def _tree(rows: Sequence[dict[str, Any]], max_depth: int, has_shares: bool) -> Tree:
    """Build a drawing from the nodes of a tree, numbered as in a decision tree; some are left out below."""
    classes = rows[0]["classes"] if has_shares else None
    place = {row["node"]: n for n, row in enumerate(rows)}
    numbers = node_numbers([place[row["parent"]] if row["node"] else None for row in rows])
    means = [row["numbers"][0] for row in rows]
    nodes = {
        number: _node(row, number, classes, (min(means), max(means)), row["depth"] == max_depth)
        for row, number in zip(rows, numbers, strict=True)
    }
    return Tree(rows[0]["groups"] or "", "", nodes)


def _node(
    row: dict[str, Any], number: int, classes: list[str] | None, span: tuple[float, float], is_last: bool
) -> Node:
    """Build a node; the last one that is drawn on its way has no split, and its label says so."""
    shares = class_shares(row["numbers"], len(classes)) if classes else []
    best = shares.index(max(shares)) if shares else 0
    more = ", and splits below" if is_last and row["feature"] is not None else ""
    low, high = span
    return Node(
        number,
        None if is_last else _split(row),
        row["num_rows"],
        None,
        (classes[best] if classes else f"{row['numbers'][0]:.5g}") + more,
        shares[best] if shares else None,
        None,
        (row["numbers"][0] - low) / (high - low) if high > low else 0.5,
        best,
        tuple(shares),
    )


def _split(row: dict[str, Any]) -> str | None:
    """Return the text of a split, which holds for rows that go left; None for a leaf."""
    if row["feature"] is None:
        return None
    if row["threshold"] is not None:
        return below(row["feature"], row["threshold"])
    return among(row["feature"], [*row["first_levels"], *row["second_levels"]], row["first_levels"])
