"""dtree_display and dtree_importance: the output table of dtree_train, read again."""

import math
from collections.abc import Iterator
from itertools import groupby
from typing import Any

from madpy.errors import MadpyError
from madpy.helper import helper
from madpy.helper.checks.arguments import quoted
from madpy.helper.tables.models import groups_item, order_of, summary_of
from madpy.modules.common.trees.display import Node, Tree
from madpy.modules.common.trees.formats import FORMATS, MOST_TREES, for_client
from madpy.modules.dtree.report import COLUMNS, WEIGHTED_COLUMNS
from madpy.ports.postgres.scan.source import Source
from madpy.ports.postgres.session.db import Database
from madpy.ports.postgres.session.sql import Relation, fill
from madpy.records import Record

METHOD = "dtree_train"


class Importance(Record):
    """Field for field the SQL type dtree_importance_row."""

    groups: dict[str, Any] | None
    feature: str
    importance: float
    num_splits: int


def display(db: Database, model_table: str | None, format: str | None) -> str:
    """Draw the trees of a model in one of the formats."""
    draw = FORMATS[helper.check_choice("format", format, list(FORMATS))]
    model, groups = _check_model(db, model_table)
    rows = db.execute(
        """
        SELECT {groups:q} AS groups, m.node, m.split, m.num_rows, m.impurity,
               pg_catalog.format('%s', m.prediction) AS prediction, m.class_counts, m.null_goes, m.num_null
        FROM {model:i} AS m ORDER BY {order:q} m.node
        """,
        groups=groups_item(model, groups, "m"),
        order=order_of(model, groups, "m"),
        model=model,
    )
    if not rows:
        raise MadpyError(f"table {quoted(model.name)} has no nodes", hint="train the model again")
    trees = list(_trees(rows, _criterion(model)))
    if len(trees) > MOST_TREES:
        raise MadpyError(
            f"{len(trees)} trees are too many to display at once",
            hint=f"train on fewer groups: the most is {MOST_TREES}",
        )
    return for_client(db, draw(trees))


def importance(db: Database, model_table: str | None) -> list[Importance]:
    """Return the gain of each feature's splits as a share of the gain of all splits of the group."""
    model, groups = _check_model(db, model_table)
    summary = _summary(model)
    rows = db.execute(
        """
        SELECT {groups:q} AS groups, f.name AS feature,
               coalesce(pg_catalog.sum(m.gain) FILTER (WHERE m.feature OPERATOR(pg_catalog.=) f.name), 0)
                   OPERATOR(pg_catalog./)
                   CASE WHEN pg_catalog.sum(m.gain) OPERATOR(pg_catalog.>) 0::double precision
                        THEN pg_catalog.sum(m.gain) ELSE 1 END
                   AS importance,
               pg_catalog.count(*) FILTER (WHERE m.feature OPERATOR(pg_catalog.=) f.name) AS num_splits
        FROM {model:i} AS m,
             pg_catalog.unnest((SELECT feature_names FROM {summary:i} LIMIT 1))
                 WITH ORDINALITY AS f(name, place)
        GROUP BY {columns:q} f.name, f.place ORDER BY {order:q} importance DESC, f.place
        """,
        groups=groups_item(model, groups, "m"),
        columns="".join(fill("m.{g:i}, ", {"g": group}) for group in groups),
        order=order_of(model, groups, "m"),
        model=model,
        summary=summary,
    )
    return [Importance(**row) for row in rows]


def _check_model(db: Database, model_table: str | None) -> tuple[Source, list[str]]:
    """Return an output table of dtree_train and its grouping columns.

    Any user can create such a table, so types are checked too: operators of a user's type would run as the
    caller.
    """
    model = helper.check_model_table(db, model_table)
    types = model.types
    own = list(types)[-len(COLUMNS) :]
    columns = [(name, "any" if name == "prediction" else types[name]) for name in own]
    if columns not in [
        [(name, "any" if name == "prediction" else sql_type) for name, sql_type in known]
        for known in (COLUMNS, WEIGHTED_COLUMNS)
    ]:
        raise _no_model(model)
    return model, [name for name in types if name not in own]


def _summary(model: Source) -> Source:
    """Return the summary table of a model; raise an error if it lacks columns that are read here."""
    summary = summary_of(model, METHOD)
    types = summary.types
    if (types.get("criterion"), types.get("feature_names")) != ("text", "text[]"):
        raise _no_model(summary)
    return summary


def _no_model(table: Relation) -> MadpyError:
    return MadpyError(
        f"table {quoted(table.name)} is not a model of {METHOD}",
        sqlstate="42809",
        hint=f"give the output_table of a call of {METHOD}",
    )


def _criterion(model: Source) -> str:
    rows = model.db.execute("SELECT criterion FROM {s:i} LIMIT 1", s=_summary(model))
    return str(rows[0]["criterion"]) if rows else "impurity"


def _trees(rows: list[dict[str, Any]], criterion: str) -> Iterator[Tree]:
    for title, nodes in groupby(rows, key=lambda row: row["groups"]):
        known = list(nodes)
        _check_nodes(known)
        numbers = [0.0] if known[0]["class_counts"] else [float(row["prediction"]) for row in known]
        tree = {row["node"]: _node(row, min(numbers), max(numbers)) for row in known}
        yield Tree(title or "", criterion, tree)


def _check_nodes(rows: list[dict[str, Any]]) -> None:
    """Check the nodes, as any user may have changed the table: each has a split parent and all figures."""
    there = [row["node"] or 0 for row in rows]
    inner = {node for node, row in zip(there, rows, strict=True) if row["split"] is not None}
    wanted = sorted([1, *(child for node in inner for child in (2 * node, 2 * node + 1))])
    if there != wanted:
        raise MadpyError(
            "the model is damaged: nodes are missing or superfluous",
            hint="train the model again",
        )
    for row in rows:
        counts = row["class_counts"]
        is_whole = row["num_rows"] is not None and row["impurity"] is not None
        if counts is None:
            is_whole = is_whole and rows[0]["class_counts"] is None and _is_finite(row["prediction"])
        else:
            is_whole = is_whole and bool(rows[0]["class_counts"]) and len(counts) > 0
            is_whole = is_whole and all(is_count(count) for count in counts)
        if not is_whole:
            raise MadpyError(
                f"the model is damaged: node {row['node']} has no figures", hint="train the model again"
            )


def is_count(count: Any) -> bool:
    """Tell whether a value is a valid number of rows, or sum of weights."""
    return isinstance(count, int | float) and math.isfinite(count)


def _is_finite(text: str) -> bool:
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False


def _node(row: dict[str, Any], low: float, high: float) -> Node:
    counts = [max(count, 0) for count in row["class_counts"] or []]
    total = sum(counts) or 1
    return Node(
        row["node"],
        row["split"],
        row["num_rows"],
        row["impurity"],
        row["prediction"] if counts else f"{float(row['prediction']):.5g}",
        max(counts) / total if counts else None,
        row["null_goes"] if row["num_null"] else None,
        (float(row["prediction"]) - low) / (high - low) if high > low else 0.5,
        counts.index(max(counts)) if counts else 0,
        tuple(count / total for count in counts),
    )
