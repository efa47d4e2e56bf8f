"""Rows that servers of Citus keep in memory between the passes of a training (src/store/kept.h)."""

import random
import struct
from collections.abc import Sequence
from typing import TYPE_CHECKING

from madpy.errors import MadpyError
from madpy.ports.postgres.layouts.kept import KEPT_ENTRIES, KEPT_ENTRY
from madpy.ports.postgres.session.sql import Relation
from madpy.ports.postgres.shards.parts import ACTIVE
from madpy.records import Record

if TYPE_CHECKING:
    from madpy.ports.postgres.scan.source import Source
    from madpy.ports.postgres.scan.states import States

HEAD = struct.Struct("<" + "".join(KEPT_ENTRIES.values()))
ENTRY = struct.Struct("<" + "".join(KEPT_ENTRY.values()))
MOST = 5000  # entries: each statement lists their ctids

Key = tuple[str | None, ...]  # a group's values as text


class Kept(Record):
    """Rows kept by servers of Citus: the ctids that they are found by, and the number of rows by group."""

    places: str  # SQL, of type tid[]
    rows: dict[Key, int]

    def check(self, source: Relation, keys: list[list[str | None]], states: "States") -> None:
        """Raise an error unless a pass saw all rows of these groups: one that finds others may be deleted."""
        wanted = sum(self.rows.get(tuple(key), 0) for key in keys)
        rows = int(states.rows_used.sum() + states.rows_skipped.sum())
        if rows != wanted:
            raise MadpyError(
                f'table "{source.name}" was changed while it was read: {wanted} rows became {rows}',
                sqlstate="40001",
                hint="try again, in a transaction that is REPEATABLE READ",
            )


def can_be_kept(source: "Source") -> bool:
    """Tell whether servers can keep the rows of a source, and the setting madpy.store_memory allows it.

    They cannot keep those of a shard with copies, as reference tables have: each pass may read another copy.
    Rows of a table that is not a heap, as a columnar one, cannot be found again by their ctid.
    """
    return bool(
        source.db.value(
            """
            SELECT relkind IN ('r', 'p') AND pg_catalog.current_setting('madpy.store_memory') <> '0'
                   AND NOT EXISTS (
                       SELECT FROM pg_catalog.pg_dist_shard AS s
                            JOIN pg_catalog.pg_dist_placement AS p ON p.shardid = s.shardid
                       WHERE s.logicalrelid = c.oid AND p.shardstate = {active:l}
                       GROUP BY s.shardid HAVING pg_catalog.count(*) > 1)
                   AND NOT EXISTS (
                       SELECT FROM pg_catalog.pg_class AS t JOIN pg_catalog.pg_am AS a ON a.oid = t.relam
                       WHERE t.relkind = 'r' AND a.amname <> 'heap'
                             AND (t.oid = c.oid
                                  OR t.oid IN (SELECT relid FROM pg_catalog.pg_partition_tree(c.oid))))
            FROM pg_catalog.pg_class AS c WHERE oid = {source:l}::regclass::oid
            """,
            source=str(source),
            active=ACTIVE,
        )
    )


def new_number() -> int:
    """Return a number that identifies the rows kept for this run."""
    return random.getrandbits(62)


def in_transaction(source: "Source") -> None:
    """Make Citus begin transactions on its servers that last as long as this one.

    Outside a transaction block Citus begins none for a simple query, but does for one of several plans.
    """
    source.db.execute(
        """
        WITH none AS MATERIALIZED (SELECT 1 AS one FROM {source:i} WHERE false)
        SELECT pg_catalog.count(*) FROM none
        """,
        source=source,
    )


def can_be_read_again(source: "Source", kept_rows: Kept) -> bool:
    """Tell whether another statement finds all kept rows; it does not on other connections of Citus."""
    rows = source.db.value(
        """
        SELECT pg_catalog.sum({schema:i}.__kept_rows(s.at, s.relation))::bigint
        FROM (SELECT ctid AS at, tableoid AS relation FROM {source:i} WHERE ctid = ANY ({places:q})) AS s
        """,
        source=source,
        places=kept_rows.places,
    )
    return (rows or 0) == sum(kept_rows.rows.values())


def read_kept(states_by_group: Sequence[tuple[Key, bytes | None]]) -> Kept | None:
    """Read the result of the aggregate __keep in each group; None if some rows could not be kept."""
    entries = [
        (key, dict(zip(KEPT_ENTRY, entry, strict=True)))
        for key, data in states_by_group
        for entry in ENTRY.iter_unpack((data or b"")[HEAD.size :])
    ]
    if len(entries) > MOST or any(entry["over"] for _, entry in entries):
        return None
    rows = {key: 0 for key, _ in states_by_group}
    for key, entry in entries:
        rows[key] += entry["rows"]
    places = sorted({(entry["block"], entry["offset"]) for _, entry in entries})
    return Kept("'{" + ",".join(f'"({b},{o})"' for b, o in places) + "}'::tid[]", rows)
