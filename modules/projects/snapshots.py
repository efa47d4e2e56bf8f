"""The rows that a model was fitted on and tested with, found again by its snapshot."""

import json
from typing import Any

from madpy.errors import MadpyError
from madpy.helper import helper
from madpy.modules.projects.schema import own
from madpy.modules.projects.split import Split
from madpy.ports.postgres.scan.source import Source
from madpy.ports.postgres.session.db import Database, identifier
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
    checksum: str | None

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
               test_column, seed, checksum
        FROM {own:i}.snapshots WHERE id = {id:l}
        """,
        own=own(db),
        id=number,
    )
    return Taken(**{**row, "features": json.loads(row["features"])})


def test_rows(db: Database, taken: Taken, task: str) -> tuple[Source, str | None]:
    """Return the relation and SQL that is true for its rows for testing; without a split for all."""
    if taken.test_sampling == IMPORTED:
        raise MadpyError("the rows that the model was fitted on are not known", hint="give a relation")
    source = helper.check_source(db, taken.relation_name, "relation")
    is_split = task in ("regression", "classification")
    return source, taken.split.holdout(source) if is_split else None


def checksum_item(db: Database, columns: list[str]) -> str:
    """Return SQL of the checksum over all rows of these columns, whatever their order."""
    names = ", ".join(map(identifier, columns))
    return f"pg_catalog.sum({identifier(own(db))}.__hash(0, {names}))::text"
