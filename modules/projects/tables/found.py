"""The table of a model, found by its name, with what its summary says."""

from typing import Any

from madpy.errors import MadpyError
from madpy.helper import helper
from madpy.helper.checks.arguments import parse_name, quoted
from madpy.helper.tables.models import checked_summary, groups_before, no_model
from madpy.ports.postgres.scan.source import Source
from madpy.ports.postgres.session.db import Database
from madpy.ports.postgres.session.sql import fill
from madpy.records import Record

# Methods by the name in a summary, and the task of those that have one only.
METHODS = {
    "regr": "regression", "glm": "regression", "logregr": "classification", "nb": "classification",
    "kmeans": "clustering", "dtree": None, "sk": None,
}  # fmt: skip
# The first column of a table after its grouping columns.
FIRST = {
    "regr": "coef", "glm": "coef", "logregr": "coef", "nb": "class", "dtree": "node",
    "kmeans": "cluster_id", "sk": "num_rows_processed",
}  # fmt: skip
FACTS = {
    "method": "text", "target": "text", "task": "text", "classes": "text[]", "class_type": "text",
    "target_type": "text", "feature_names": "text[]",
}  # fmt: skip

NO_TABLE, NO_NAME = "42P01", "42602"

Key = list[str | None]  # the texts of the grouping columns


class ModelTable(Record):
    """A table that a training made, and what its summary says, which any user may have written."""

    table: Source
    summary: Source
    method: str
    task: str
    facts: dict[str, Any]

    @property
    def groups(self) -> list[str]:
        """Return the names of the grouping columns."""
        return groups_before(self.table, FIRST[self.method])

    def key_item(self, alias: str) -> str:
        """Return SQL of the key of a group, text[]: the grouping columns of a row of either table."""
        return f"ARRAY[{', '.join(self.table.texts(self.groups, alias))}]::text[]"

    def damaged(self) -> MadpyError:
        """Return the error for tables that are not as the training made them."""
        return no_model(self.table, f"{self.method}_train")

    @property
    def trained_target(self) -> list[str] | None:
        """Return the name of the target's column, in a list; None for an expression."""
        parsed = parse_name(self.facts.get("target") or "")
        return parsed if parsed and len(parsed) == 1 else None


def find_table(db: Database, name: str) -> ModelTable:
    """Return the table of a model; raise an error if there is none, or if no training has made it."""
    table = _model_table(db, name)
    summary = checked_summary(table, "a training", FACTS)
    names = [name for name in FACTS if name in summary.columns]
    rows = db.execute(
        "SELECT {names:q} FROM {summary:i} LIMIT 1",
        names=", ".join(fill("{name:i}", {"name": name}) for name in names),
        summary=summary,
    )
    facts = rows[0] if rows else {}
    method = facts.get("method")
    if method not in METHODS:
        raise MadpyError(
            f"table {quoted(table.name)} is not a model that a training made",
            sqlstate="42809",
            hint=f"give the output_table of one of {', '.join(f'{one}_train' for one in METHODS)}",
        )
    model = ModelTable(table, summary, method, METHODS[method] or str(facts.get("task")), facts)
    is_compared = (
        method == "sk" and "metrics" in model.groups
    )  # a table of sk_compare, with several algorithms
    if FIRST[method] not in table.columns or is_compared:
        raise model.damaged()
    return model


def _model_table(db: Database, name: str) -> Source:
    """Return a model table; the error for none says that there is no such project either."""
    try:
        return helper.check_model_table(db, name, "model")
    except MadpyError as error:
        if error.sqlstate not in (NO_TABLE, NO_NAME):
            raise
        raise MadpyError(
            f"there is no project and no table {quoted(name)}",
            sqlstate="42704",
            hint="give the name of a project, or the output_table of a training",
        ) from None
