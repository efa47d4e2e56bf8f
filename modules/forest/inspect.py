"""forest_display and forest_importance: a forest, read again from its summary table."""

from typing import Any

from madpy.errors import MadpyError
from madpy.helper import helper
from madpy.helper.checks.arguments import quoted
from madpy.helper.tables.models import check_made_by, groups_before, groups_item, order_of, summary_of
from madpy.modules.common.trees.formats import FORMATS
from madpy.modules.common.trees.packed_display import DEEPEST, draw_packed_trees
from madpy.modules.forest.predict import METHOD
from madpy.ports.postgres.scan.source import Source
from madpy.ports.postgres.session.db import Database
from madpy.records import Record

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
    helper.check_choice("format", format, list(FORMATS))
    depth = int(helper.check_range("max_depth", max_depth, 0, DEEPEST))
    number = int(helper.check_range("tree", tree, 1, 2**31 - 1))
    summary, groups = _check_model(db, model_table)
    return draw_packed_trees(
        db,
        summary,
        groups_item(summary, groups, "m"),
        order_of(summary, groups, "m"),
        "forest",
        number,
        depth,
        str(format),
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
