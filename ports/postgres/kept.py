"""Rows that servers of Citus keep in memory between the passes of a training (src/kept.c)."""

import struct
from collections.abc import Sequence
from dataclasses import dataclass

from madpy.ports.postgres.db import Database, Relation

ENTRY = struct.Struct("<qIHHIi")  # rows, block and offset of the first one, over, relation, slot
HEAD = 4  # bytes before the entries: the magic number
MOST = 5000  # entries: their places stand in each statement

Key = tuple[str | None, ...]  # a group's values as text


@dataclass(frozen=True)
class Kept:
    """Where the rows that are kept begin, and how many there are in each group."""

    places: str  # SQL, of type tid[]
    rows: dict[Key, int]


def can_be_kept(db: Database, source: Relation) -> bool:
    """Whether rows of a source have a place that they are found by, and the session wants any to be kept."""
    return bool(
        db.value(
            """
            SELECT relkind IN ('r', 'p') AND pg_catalog.current_setting('madpy.store_memory') <> '0'
            FROM pg_catalog.pg_class WHERE oid = {source:l}::regclass::oid
            """,
            source=str(source),
        )
    )


def read_kept(found: Sequence[tuple[Key, bytes | None]]) -> Kept | None:
    """What came of the aggregate __keep in each group; None where some rows are not kept."""
    entries = [(key, entry) for key, data in found for entry in ENTRY.iter_unpack((data or b"")[HEAD:])]
    if len(entries) > MOST or any(over for _, (_, _, _, over, _, _) in entries):
        return None
    rows = {key: 0 for key, _ in found}
    for key, entry in entries:
        rows[key] += entry[0]
    places = sorted({(block, offset) for _, (_, block, offset, _, _, _) in entries})
    return Kept("'{" + ",".join(f'"({b},{o})"' for b, o in places) + "}'::tid[]", rows)
