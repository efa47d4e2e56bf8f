"""Tables whose rows lie on several servers: partitions, or a table, of postgres_fdw.

What travels from another server is the state of an aggregate over a part of the table, never its rows; the
parts' states are merged here.  The planner does not do it by itself for an aggregate over partitions, so
statements are written part by part; whether each is sent whole is looked up in its plan.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

from madpy.ports.postgres.session.sql import Relation
from madpy.ports.postgres.shards.layout import Part, Shards
from madpy.ports.postgres.shards.parts import find_parts
from madpy.ports.postgres.shards.servers import check_server
from madpy.ports.postgres.shards.shipping import check_shipped

if TYPE_CHECKING:
    from madpy.ports.postgres.scan.source import Source

# postgres_fdw sets these on the other server; values of some types are compared by their text.
SETTINGS = {"IntervalStyle": "postgres", "bytea_output": "hex"}


def shards_of(source: "Source") -> Shards:
    """Return the parts of a source; raise MadpyError for a server that cannot be used, with the reason."""
    db = source.db
    known: dict[Relation, Shards] = db.facts.setdefault("shards", {})
    if source not in known:
        known[source] = find_parts(source)
        for part in known[source].servers.values():
            check_server(db, part)
        if known[source].parts:
            for name, value in SETTINGS.items():
                db.set(name, value)
    return known[source]


def part_by_part(source: "Source", query: Callable[[Part], str], kind: str | None = None) -> str:
    """Return SQL of `query` for each part of a source; see Source.part_by_part for `kind`."""
    db = source.db
    text = " UNION ALL ".join(map(query, source.shards.parts))
    checked = db.facts.setdefault("checked", set())
    if kind is None or (source, kind) not in checked:
        check_shipped(db, text)
        checked.add((source, kind))
    return text
