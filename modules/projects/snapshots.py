"""The rows that a model was fitted on and tested with, found again by its snapshot."""

import json
from typing import Any

from madpy.errors import MadpyError
from madpy.helper import helper
from madpy.helper.checks.arguments import quoted
from madpy.modules.projects.schema import own
from madpy.modules.projects.training.split import Split
from madpy.ports.postgres.scan.source import Source
from madpy.ports.postgres.session.db import Database
from madpy.records import Record

IMPORTED = "imported"  # the sampling of a model whose training was elsewhere


class Taken(Record):
    """A snapshot: the relation, its columns, and how its rows were split."""

    id: int
    relation_name: str
    y_column_name: list[str]
    features: list[dict[str, Any]]
    test_size: float
    test_sampling: str
    test_column: str | None
    seed: int
    test_row_count: int | None
    checksum: str | None
    stored_relation: str | None  # a copy of the rows
    role: str  # the role that trained
    is_own: bool

    @property
    def feature_names(self) -> list[str]:
        return [str(feature["name"]) for feature in self.features]

    @property
    def split(self) -> Split:
        """Return the split of its training."""
        hashed = [*self.y_column_name, *self.feature_names]
        return Split(
            self.test_size, self.test_sampling, self.test_column, self.seed, hashed, self.y_column_name
        )


def snapshot_of(db: Database, number: int) -> Taken:
    """Return a snapshot by its number."""
    (row,) = db.execute(
        """
        SELECT id, relation_name, y_column_name, features::text AS features, test_size, test_sampling,
               test_column, seed, test_row_count, checksum, stored_relation, created_by::text AS role,
               created_by = (SELECT oid FROM pg_catalog.pg_roles WHERE rolname = current_user) AS is_own
        FROM {own:i}.snapshots WHERE id = {id:l}
        """,
        own=own(db),
        id=number,
    )
    return Taken(**{**row, "features": json.loads(row["features"])})


def last_snapshot(db: Database, project: int) -> Taken | None:
    """Return the rows of the last training of a project; raise an error if it was another role's."""
    rows = db.execute(
        """
        SELECT id FROM {own:i}.snapshots
        WHERE project_id = {project:l} AND test_sampling <> {imported:l} ORDER BY id DESC LIMIT 1
        """,
        own=own(db),
        project=project,
        imported=IMPORTED,
    )
    if not rows:
        return None
    taken = snapshot_of(db, rows[0]["id"])
    _check_own(taken, f"name the relation to read: {taken.relation_name}")
    return taken


def _check_own(taken: Taken, hint: str) -> None:
    """Raise an error unless a training was one of the current role.

    A trainer could have a role with more rights read a view of the trainer's, whose functions then run with
    these rights: such a relation is read where the role names it itself.
    """
    if not taken.is_own:
        raise MadpyError(f"the last training was one of role {quoted(taken.role)}", hint=hint)


def test_rows(
    db: Database, taken: Taken, task: str, *, is_relation_taken: bool = False
) -> tuple[Source, str | None]:
    """Return the relation and SQL that is true for its rows for testing; None where there was no split.

    The relation is the copy of the rows, if there is one that nobody has dropped.  `is_relation_taken` says
    that the caller can name another relation, which hints then ask for.
    """
    if taken.test_sampling == IMPORTED:
        raise MadpyError(
            "the rows that the model was fitted on are not known",
            hint="give a relation" if is_relation_taken else None,
        )
    other = f"name the relation to read: {taken.relation_name}"
    _check_own(taken, other if is_relation_taken else f"have role {quoted(taken.role)} call this")
    is_copied = db.value("SELECT pg_catalog.to_regclass({copy:l}) IS NOT NULL", copy=taken.stored_relation)
    relation = taken.stored_relation if is_copied else taken.relation_name
    source = helper.check_source(db, relation, "relation")
    is_split = task in ("regression", "classification") and taken.test_row_count != 0
    return source, taken.split.holdout(source) if is_split else None
