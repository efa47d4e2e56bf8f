"""Tables whose rows lie on several servers: partitions, or a table, of postgres_fdw.

What travels from another server is the state of an aggregate over a part of the table, never its rows; the
parts' states are merged here.  The planner does not do it by itself for an aggregate over partitions, so
statements are written part by part; whether each is sent whole is looked up in its plan.
"""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from madpy.ports.postgres.session.db import Relation, fill
from madpy.ports.postgres.shards.parts import Part, Shards, find_parts
from madpy.ports.postgres.shards.servers import check_server
from madpy.ports.postgres.shards.shipping import check_shipped

if TYPE_CHECKING:
    from madpy.ports.postgres.scan.source import Source

# As postgres_fdw has them there, or the server itself: values of some types are told apart by their text.
SETTINGS = {"IntervalStyle": "postgres", "bytea_output": "hex"}


def shards_of(source: "Source") -> Shards:
    """Where a source's rows lie; its servers can all be used, or a MadpyError says which cannot and why."""
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
    """`query` of each part of a source, with UNION ALL between them; of one in one piece its own.

    Statements of one `kind` differ in constants alone: what is sent to the servers is looked up once.
    """
    db, parts = source.db, source.shards.parts
    if not parts:
        return query(Part(str(source), None, source))
    text = " UNION ALL ".join(map(query, parts))
    checked = db.facts.setdefault("checked", set())
    if kind is None or (source, kind) not in checked:
        check_shipped(db, text)
        checked.add((source, kind))
    return text


def joinable(source: "Source", text: str) -> str:
    """A query over a source, as one that can be joined with tables that lie here.

    Citus joins a distributed table with a local one in a SELECT only, and by fetching one of the two: what
    the query returns goes into a temporary table first.
    """
    if not source.shards.is_citus:
        return text
    return fill("SELECT * FROM {table:i}", {"table": source.db.temporary_table("madpy_rows", text)})


def distinct_values(source: "Source", item: str, most: int, conditions: Sequence[str] = ()) -> str:
    """SQL of a relation: `value`, the distinct values of an expression over a source; `most` are enough.

    Only rows for which all `conditions`, SQL, are true are looked at.
    """
    holes = {"item": item, "most": most, "where": f"WHERE {' AND '.join(conditions)}" if conditions else ""}
    one = "SELECT {item:q} AS value FROM {part:q} {where:q} GROUP BY 1 LIMIT {most:l}"
    if source.shards.parts:
        # Planned by itself: for a few groups the planner would rather fetch rows in their order.
        one = """
            WITH d AS MATERIALIZED (SELECT {item:q} AS value FROM {part:q} {where:q} GROUP BY 1)
            SELECT value FROM d LIMIT {most:l}
            """
    parts = part_by_part(source, lambda part: fill(f"({one})", {**holes, "part": part.sql}))
    return fill("SELECT value FROM ({parts:q}) AS p GROUP BY 1 LIMIT {most:l}", {**holes, "parts": parts})


def first_values(source: "Source", item: str, most: int) -> str:
    """SQL of a relation: `value`, an expression over `most` rows of a source, or two rows of each part."""
    most = min(most, 2) if source.shards.parts else most
    return part_by_part(
        source,
        lambda part: fill(
            "(SELECT {item:q} AS value FROM {part:q} LIMIT {most:l})",
            {"item": item, "part": part.sql, "most": most},
        ),
    )


def first_length(source: "Source", item: str) -> int:
    """The number of elements of an array, in a row where it is not NULL; 0 if it always is."""
    rows = source.db.execute(
        part_by_part(
            source,
            lambda part: fill(
                "(SELECT pg_catalog.cardinality({item:q}) AS length FROM {part:q}"
                " WHERE {item:q} IS NOT NULL LIMIT 1)",
                {"item": item, "part": part.sql},
            ),
        )
    )
    return int(rows[0]["length"]) if rows else 0


def counts_of(source: "Source", items: Sequence[str]) -> tuple[int, list[int]]:
    """How many rows a source has, and in how many of them each expression is not NULL."""
    names = [f"count {n}" for n in range(len(items) + 1)]
    counts = ["pg_catalog.count(*)", *(f"pg_catalog.count({item})" for item in items)]
    columns = ", ".join(f'{count} AS "{name}"' for count, name in zip(counts, names, strict=True))
    parts = part_by_part(
        source,
        lambda part: fill("SELECT {columns:q} FROM {part:q}", {"columns": columns, "part": part.sql}),
    )
    rows, *known = source.db.value(
        "SELECT ARRAY[{sums:q}]::bigint[] FROM ({parts:q}) AS p",
        sums=", ".join(f'pg_catalog.sum("{name}")' for name in names),
        parts=parts,
    )
    return rows, known
