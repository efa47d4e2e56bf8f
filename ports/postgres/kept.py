"""Rows that servers of Citus keep in memory between the passes of a training (src/kept.c)."""

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from madpy.errors import MadpyError
from madpy.ports.postgres.db import Database, Relation
from madpy.ports.postgres.parts import Shards

if TYPE_CHECKING:
    from madpy.ports.postgres.states import States

ENTRY = struct.Struct("<qIHHIi")  # rows, block and offset of the first one, over, relation, slot
HEAD = 4  # bytes before the entries: the magic number
MOST = 5000  # entries: their places stand in each statement

Key = tuple[str | None, ...]  # a group's values as text


@dataclass(frozen=True)
class Kept:
    """Where the rows that are kept begin, and how many there are in each group."""

    places: str  # SQL, of type tid[]
    rows: dict[Key, int]


def can_be_kept(db: Database, source: Relation, shards: Shards) -> bool:
    """Whether rows of a source have a place that they are found by, and the session wants any to be kept."""
    return (shards.is_citus and shards.is_far) and bool(
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


def check_rows(source: Relation, kept: Kept | None, keys: list[list[str | None]], found: "States") -> None:
    """That a step over these groups found all of their kept rows: a first one may have been deleted since."""
    if kept is None:
        return
    wanted = sum(kept.rows.get(tuple(key), 0) for key in keys)
    rows = int(found.rows_used.sum() + found.rows_skipped.sum())
    if rows != wanted:
        raise MadpyError(
            f'table "{source.name}" was changed while it was read: {wanted} rows became {rows}',
            sqlstate="40001",
            hint="try again, in a transaction that is REPEATABLE READ",
        )
