"""boost_display and boost_importance: a model, read again from its tables."""

from typing import Any

from madpy.errors import MadpyError
from madpy.helper import helper
from madpy.helper.checks.arguments import quoted
from madpy.helper.tables.models import check_made_by, groups_before, groups_item, order_of, summary_of
from madpy.modules.boost.curve import Curve, curve_svg, curve_text
from madpy.modules.boost.predict import METHOD
from madpy.modules.common.trees.formats import FORMATS, MOST_TREES, for_client
from madpy.modules.common.trees.packed_display import DEEPEST, draw_packed_trees
from madpy.ports.postgres.scan.source import Source
from madpy.ports.postgres.session.db import Database
from madpy.records import Record

CURVE = "curve"
CURVE_FORMATS = {"text": curve_text, "svg": curve_svg}
COLUMNS = {
    "classes": "text[]",
    "feature_names": "text[]",
    "gain_importance": "double precision[]",
    "num_rounds": "bigint",
    "model": "bytea",
}


class Importance(Record):
    """Field for field the SQL type boost_importance_row."""

    groups: dict[str, Any] | None
    feature: str
    importance: float | None


def display(
    db: Database, model_table: str | None, tree: str | None, format: str | None, max_depth: int | None
) -> str:
    """Draw one tree of each group's model, or its loss by round, in one of the formats."""
    helper.check_choice("format", format, list(CURVE_FORMATS if tree == CURVE else FORMATS))
    depth = int(helper.check_range("max_depth", max_depth, 0, DEEPEST))
    number = 0 if tree == CURVE else _check_number(tree)
    model, summary, groups = _check_model(db, model_table)
    if tree == CURVE:
        return for_client(db, CURVE_FORMATS[str(format)](_curves(db, model, summary, groups)))
    return draw_packed_trees(
        db,
        summary,
        groups_item(summary, groups, "m"),
        order_of(summary, groups, "m"),
        "boost",
        number,
        depth,
        str(format),
        has_shares=False,
    )


def _check_number(tree: str | None) -> int:
    try:
        return int(helper.check_range("tree", int(helper.check_not_null("tree", tree)), 1, 2**31 - 1))
    except ValueError:
        raise MadpyError(
            f"tree must be a number or {quoted(CURVE)}, not {quoted(str(tree))}", hint="give '1'"
        ) from None


def _curves(db: Database, model: Source, summary: Source, groups: list[str]) -> list[Curve]:
    """Return the losses by round of each group, and the round whose model was kept."""
    models = db.execute(
        """
        SELECT {groups:q} AS groups, s.num_rounds
        FROM {summary:i} AS s WHERE s.num_rounds > 0 ORDER BY {order:q} 1
        """,
        groups=groups_item(summary, groups, "s"),
        summary=summary,
        order=order_of(summary, groups, "s"),
    )
    rows = db.execute(
        "SELECT m.round, m.loss, m.validation_loss FROM {model:i} AS m ORDER BY {order:q} m.round",
        model=model,
        order=order_of(model, groups, "m"),
    )
    firsts = [n for n, row in enumerate(rows) if row["round"] == 1]
    curves = [
        Curve(
            one["groups"] or "",
            one["num_rounds"],
            [row["loss"] for row in rows[first:end]],
            [row["validation_loss"] for row in rows[first:end]],
        )
        for one, first, end in zip(models, firsts, [*firsts[1:], len(rows)], strict=True)
    ]
    if len(curves) > MOST_TREES:
        raise MadpyError(
            f"{len(curves)} curves are too many to display at once",
            hint=f"train on fewer groups: the most is {MOST_TREES}",
        )
    return curves


def importance(db: Database, model_table: str | None) -> list[Importance]:
    """Return the importance of each feature in each group, the most important ones first."""
    _, summary, groups = _check_model(db, model_table)
    rows = db.execute(
        """
        SELECT {groups:q} AS groups, f.feature, f.importance
        FROM {summary:i} AS m, ROWS FROM (
            pg_catalog.unnest(m.feature_names), pg_catalog.unnest(m.gain_importance)
        ) WITH ORDINALITY AS f(feature, importance, place)
        ORDER BY {order:q} f.importance DESC, f.place
        """,
        groups=groups_item(summary, groups, "m"),
        summary=summary,
        order=order_of(summary, groups, "m"),
    )
    return [Importance(**row) for row in rows]


def _check_model(db: Database, model_table: str | None) -> tuple[Source, Source, list[str]]:
    """Return an output table of boost_train, its summary, and its grouping columns."""
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
    return model, summary, groups_before(summary, "method")
