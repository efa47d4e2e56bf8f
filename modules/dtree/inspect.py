"""dtree_display and dtree_importance: the output table of dtree_train, read again."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from madpy.errors import MadpyError
from madpy.helper import helper
from madpy.helper.arguments import quoted
from madpy.helper.expressions import columns_of
from madpy.helper.scoring import summary_of
from madpy.modules.dtree.display import Node, Tree, dot, svg, text
from madpy.modules.dtree.report import COLUMNS
from madpy.ports.postgres.db import Database, Relation, fill

METHOD = "dtree_train"
FORMATS = {"text": text, "dot": dot, "svg": svg}
MOST_TREES = 100


@dataclass(frozen=True)
class Importance:
    """Field for field the SQL type dtree_importance_row."""

    groups: dict[str, Any] | None
    feature: str
    importance: float
    num_splits: int


def display(db: Database, model_table: str | None, format: str | None) -> str:
    """The trees of a model to look at."""
    draw = FORMATS[helper.check_choice("format", format, list(FORMATS))]
    model, groups = _check_model(db, model_table)
    rows = db.execute(
        """
        SELECT {groups:q} AS groups, node, split, num_rows, impurity, prediction::text AS prediction,
               class_counts, null_goes, num_null
        FROM {model:i} ORDER BY {order:q} node
        """,
        groups=_groups(groups, " "),
        order=_order(groups),
        model=model,
    )
    if not rows:
        raise MadpyError(f"table {quoted(model.name)} has no nodes", hint="train the model again")
    trees = list(_trees(rows, _criterion(db, model)))
    if len(trees) > MOST_TREES:
        raise MadpyError(
            f"{len(trees)} trees are too many to display at once",
            hint=f"the most is {MOST_TREES}: train on fewer groups",
        )
    return draw(trees)


def importance(db: Database, model_table: str | None) -> list[Importance]:
    """How much each feature's splits gain, as a share of what all splits of the group gain."""
    model, groups = _check_model(db, model_table)
    summary = summary_of(db, model, METHOD)
    rows = db.execute(
        """
        SELECT {groups:q} AS groups, f.name AS feature,
               coalesce(sum(m.gain) FILTER (WHERE m.feature = f.name), 0)
                   / coalesce(nullif(sum(m.gain), 0), 1)
                   AS importance,
               count(*) FILTER (WHERE m.feature = f.name) AS num_splits
        FROM {model:i} AS m,
             pg_catalog.unnest((SELECT feature_names FROM {summary:i} LIMIT 1))
                 WITH ORDINALITY AS f(name, place)
        GROUP BY {columns:q} f.name, f.place ORDER BY {columns:q} importance DESC, f.place
        """,
        groups=_groups(groups, " m."),
        columns="".join(fill("m.{g:i}, ", {"g": group}) for group in groups),
        model=model,
        summary=summary,
    )
    return [Importance(**row) for row in rows]


def _check_model(db: Database, model_table: str | None) -> tuple[Relation, list[str]]:
    """An output table of dtree_train, and its grouping columns."""
    model = helper.check_source(db, model_table, "model_table")
    names = list(columns_of(db, model))
    wanted = [name for name, _ in COLUMNS]
    if names[-len(wanted) :] != wanted:
        raise MadpyError(
            f"table {quoted(model.name)} is not a model of {METHOD}",
            sqlstate="42809",
            hint=f"give the output_table of a call of {METHOD}",
        )
    return model, names[: -len(wanted)]


def _criterion(db: Database, model: Relation) -> str:
    rows = db.execute("SELECT criterion FROM {s:i} LIMIT 1", s=summary_of(db, model, METHOD))
    return str(rows[0]["criterion"]) if rows else "impurity"


def _groups(groups: list[str], before: str) -> str:
    pairs = ", ".join(fill("{g:l}, {b:q}{g:i}", {"g": group, "b": before}) for group in groups)
    return f"pg_catalog.jsonb_build_object({pairs})::text" if groups else "NULL::text"


def _order(groups: list[str]) -> str:
    return "".join(fill("{g:i}, ", {"g": group}) for group in groups)


def _trees(rows: list[dict[str, Any]], criterion: str) -> Iterator[Tree]:
    for title, nodes in groupby(rows, key=lambda row: row["groups"]):
        known = list(nodes)
        numbers = [0.0] if known[0]["class_counts"] else [float(row["prediction"]) for row in known]
        tree = {row["node"]: _node(row, min(numbers), max(numbers)) for row in known}
        if any(node.split is not None and not {2 * n, 2 * n + 1} <= tree.keys() for n, node in tree.items()):
            raise MadpyError("a node of the model has no children", hint="train the model again")
        if 1 not in tree:
            raise MadpyError("the model has no root", hint="train the model again")
        yield Tree(title or "", criterion, tree)


def _node(row: dict[str, Any], low: float, high: float) -> Node:
    counts = row["class_counts"]
    return Node(
        row["node"],
        row["split"],
        row["num_rows"],
        row["impurity"],
        row["prediction"] if counts else f"{float(row['prediction']):.5g}",
        max(counts) / max(sum(counts), 1) if counts else None,
        row["null_goes"] if row["num_null"] else None,
        (float(row["prediction"]) - low) / (high - low) if high > low else 0.5,
        counts.index(max(counts)) if counts else 0,
    )
