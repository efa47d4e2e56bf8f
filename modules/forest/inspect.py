"""forest_display and forest_importance: a forest, read again from its summary table."""

from collections.abc import Sequence
from typing import Any

from madpy.errors import MadpyError
from madpy.helper import helper
from madpy.helper.checks.arguments import quoted
from madpy.helper.tables.models import check_made_by, groups_before, groups_item, order_of, summary_of
from madpy.modules.common.trees.display import Node, Tree
from madpy.modules.common.trees.formats import FORMATS, MOST_TREES, for_client
from madpy.modules.common.trees.split_text import among, below
from madpy.modules.forest.core import class_shares, node_numbers
from madpy.modules.forest.predict import METHOD
from madpy.ports.postgres.scan.source import Source
from madpy.ports.postgres.session.db import Database
from madpy.records import Record

DEEPEST = 12  # a drawing has at most 2^13 - 1 nodes of a tree
COLUMNS = {
    "classes": "text[]",
    "feature_names": "text[]",
    "impurity_importance": "double precision[]",
    "permutation_importance": "double precision[]",
    "model": "bytea",
}


class Importance(Record):
    """Field for field the SQL type forest_importance_row."""

    groups: dict[str, Any] | None
    feature: str
    importance: float | None
    permutation: float | None


def display(
    db: Database, model_table: str | None, tree: int | None, format: str | None, max_depth: int | None
) -> str:
    """Draw one tree of each group's forest in one of the formats."""
    draw = FORMATS[helper.check_choice("format", format, list(FORMATS))]
    depth = int(helper.check_range("max_depth", max_depth, 0, DEEPEST))
    number = int(helper.check_range("tree", tree, 1))
    summary, groups = _check_model(db, model_table)
    rows = db.execute(
        """
        SELECT {groups:q} AS groups, m.classes, t.*
        FROM {summary:i} AS m, {schema:i}.__forest_tree(m.model, {tree:l}, {depth:l}) AS t
        ORDER BY {order:q} t.node
        """,
        groups=groups_item(summary, groups, "m"),
        summary=summary,
        tree=number,
        depth=depth,
        order=order_of(summary, groups, "m"),
    )
    roots = [n for n, row in enumerate(rows) if row["node"] == 0]
    if len(roots) > MOST_TREES:
        raise MadpyError(
            f"{len(roots)} trees are too many to display at once",
            hint=f"train on fewer groups: the most is {MOST_TREES}",
        )
    ends = [*roots[1:], len(rows)]
    return for_client(
        db, draw([_tree(rows[first:end], depth) for first, end in zip(roots, ends, strict=True)])
    )


def importance(db: Database, model_table: str | None) -> list[Importance]:
    """Return the importance of each feature in each group, the most important ones first."""
    summary, groups = _check_model(db, model_table)
    rows = db.execute(
        """
        SELECT {groups:q} AS groups, f.feature, f.importance, f.permutation
        FROM {summary:i} AS m, ROWS FROM (
            pg_catalog.unnest(m.feature_names), pg_catalog.unnest(m.impurity_importance),
            pg_catalog.unnest(m.permutation_importance)
        ) WITH ORDINALITY AS f(feature, importance, permutation, place)
        ORDER BY {order:q} f.importance DESC, f.place
        """,
        groups=groups_item(summary, groups, "m"),
        summary=summary,
        order=order_of(summary, groups, "m"),
    )
    return [Importance(**row) for row in rows]


def _check_model(db: Database, model_table: str | None) -> tuple[Source, list[str]]:
    """Return the summary of an output table of forest_train, and its grouping columns."""
    model = helper.check_model_table(db, model_table)
    check_made_by(model, METHOD.name, METHOD.columns)
    summary = summary_of(model, METHOD.name)
    types = summary.types
    if any(types.get(name) != sql_type for name, sql_type in COLUMNS.items()):
        raise MadpyError(
            f"table {quoted(summary.name)} is not the summary of a model of {METHOD.name}",
            sqlstate="42809",
            hint="train the model again",
        )
    return summary, groups_before(summary, "method")


def _tree(rows: Sequence[dict[str, Any]], max_depth: int) -> Tree:
    """Build a drawing from the nodes of a tree, numbered as in a decision tree; some are left out below."""
    place = {row["node"]: n for n, row in enumerate(rows)}
    numbers = node_numbers([place[row["parent"]] if row["node"] else None for row in rows])
    means = [row["numbers"][0] for row in rows]
    nodes = {
        number: _node(row, number, (min(means), max(means)), row["depth"] == max_depth)
        for row, number in zip(rows, numbers, strict=True)
    }
    return Tree(rows[0]["groups"] or "", "", nodes)


def _node(row: dict[str, Any], number: int, span: tuple[float, float], is_last: bool) -> Node:
    """Build a node; the last one that is drawn on its way has no split, and its label says so."""
    classes = row["classes"]
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
