"""Tables whose rows lie on several servers: partitions, or a table, of postgres_fdw.

What travels from another server is the state of an aggregate over a part of the table, never its rows; the
parts' states are merged here.  The planner does not do it by itself for an aggregate over partitions, so
statements are written part by part; whether each is sent whole is looked up in its plan.
"""

import json
import re
import struct
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from madpy.errors import MadpyError, SqlError
from madpy.ports.postgres.db import Database, Relation, fill, identifier

WRAPPER = "postgres_fdw"
EXTENSION = "madpy"
LOST = ("08", "57P")  # SQLSTATEs of a connection that is gone, or of a server that goes down
FALLEN = "55000"
SETTINGS = {
    "DateStyle": "ISO",
    "IntervalStyle": "postgres",
    "extra_float_digits": "1",
    "bytea_output": "hex",
}  # as postgres_fdw has them there, or the server itself: values of some types are told apart by their text
GROUPING = ("enable_hashagg", "enable_sort")  # settings of the planner
PACKED_MAGIC = 0x6B70646D  # of src/key_params.c
NULL_KEY = struct.pack("<i", -1)

# What a source and the views in it name, as a part of WITH RECURSIVE.
USED = """
    used(oid) AS (
        SELECT {source:l}::regclass::oid
        UNION
        SELECT d.refobjid
        FROM used AS u JOIN pg_catalog.pg_class AS v ON v.oid = u.oid AND v.relkind = 'v'
             JOIN pg_catalog.pg_rewrite AS r ON r.ev_class = u.oid
             JOIN pg_catalog.pg_depend AS d
                 ON d.classid = 'pg_catalog.pg_rewrite'::regclass AND d.objid = r.oid
                    AND d.refclassid = 'pg_catalog.pg_class'::regclass
    )
"""


@dataclass(frozen=True)
class Part:
    """Some rows of a source.  `sql` is an item of FROM; `server` has them, or None: they are here."""

    sql: str
    server: str | None
    table: Relation
    probe: str = ""  # a column of it


@dataclass(frozen=True)
class Shards:
    """The parts of a source; without any it is read as it is.  `is_citus`: Citus finds them by itself."""

    parts: tuple[Part, ...]
    is_citus: bool = False

    @cached_property
    def servers(self) -> dict[str, Part]:
        """Each server with one of its parts."""
        return {part.server: part for part in reversed(self.parts) if part.server is not None}


def shards_of(db: Database, source: Relation) -> Shards:
    """Where a source's rows lie; its servers can all be used, or a MadpyError says which cannot and why."""
    known: dict[Relation, Shards] = db.facts.setdefault("shards", {})
    if source not in known:
        known[source] = _find(db, source)
        for server in known[source].servers:
            check_server(db, known[source], server)
        if known[source].parts:
            for name, value in SETTINGS.items():
                db.set(name, value)
    return known[source]


def part_by_part(
    db: Database, source: Relation, query: Callable[[Part], str], kind: str | None = None
) -> str:
    """`query` of each part of a source, with UNION ALL between them; of one in one piece its own.

    Statements of one `kind` differ in constants alone: what is sent to the servers is looked up once.
    """
    parts = shards_of(db, source).parts
    if not parts:
        return query(Part(str(source), None, source))
    text = " UNION ALL ".join(map(query, parts))
    checked = db.facts.setdefault("checked", set())
    if kind is None or (source, kind) not in checked:
        _check_shipped(db, text)
        checked.add((source, kind))
    return text


def one_part(db: Database, source: Relation) -> str:
    """An item of FROM with the columns of a source and some of its rows, to ask what is the same in all."""
    parts = shards_of(db, source).parts
    return parts[-1].sql if parts else str(source)


def distinct_values(db: Database, source: Relation, item: str, most: int) -> str:
    """SQL of a relation: `value`, the distinct values of an expression over a source; `most` are enough."""
    holes = {"item": item, "most": most}
    one = "SELECT {item:q} AS value FROM {part:q} GROUP BY 1 LIMIT {most:l}"
    if shards_of(db, source).parts:
        # Planned by itself: for a few groups the planner would rather fetch rows in their order.
        one = """
            WITH d AS MATERIALIZED (SELECT {item:q} AS value FROM {part:q} GROUP BY 1)
            SELECT value FROM d LIMIT {most:l}
            """
    parts = part_by_part(db, source, lambda part: fill(f"({one})", {**holes, "part": part.sql}))
    return fill("SELECT value FROM ({parts:q}) AS p GROUP BY 1 LIMIT {most:l}", {**holes, "parts": parts})


def first_values(db: Database, source: Relation, item: str, most: int) -> str:
    """SQL of a relation: `value`, an expression over `most` rows of a source, or two rows of each part."""
    most = min(most, 2) if shards_of(db, source).parts else most
    return part_by_part(
        db,
        source,
        lambda part: fill(
            "(SELECT {item:q} AS value FROM {part:q} LIMIT {most:l})",
            {"item": item, "part": part.sql, "most": most},
        ),
    )


def first_length(db: Database, source: Relation, item: str) -> int:
    """The number of elements of an array, in a row where it is not NULL; 0 if it always is."""
    rows = db.execute(
        part_by_part(
            db,
            source,
            lambda part: fill(
                "(SELECT pg_catalog.cardinality({item:q}) AS length FROM {part:q}"
                " WHERE {item:q} IS NOT NULL LIMIT 1)",
                {"item": item, "part": part.sql},
            ),
        )
    )
    return int(rows[0]["length"]) if rows else 0


def counts_of(db: Database, source: Relation, items: Sequence[str]) -> tuple[int, list[int]]:
    """How many rows a source has, and in how many of them each expression is not NULL."""
    names = [f"count {n}" for n in range(len(items) + 1)]
    counts = ["pg_catalog.count(*)", *(f"pg_catalog.count({item})" for item in items)]
    columns = ", ".join(f'{count} AS "{name}"' for count, name in zip(counts, names, strict=True))
    parts = part_by_part(
        db,
        source,
        lambda part: fill("SELECT {columns:q} FROM {part:q}", {"columns": columns, "part": part.sql}),
    )
    rows, *known = db.value(
        "SELECT ARRAY[{sums:q}]::bigint[] FROM ({parts:q}) AS p",
        sums=", ".join(f'pg_catalog.sum("{name}")' for name in names),
        parts=parts,
    )
    return rows, known


def servers_below(db: Database, source: Relation) -> list[str]:
    """The servers that have rows of a source, whether they can be used or not."""
    return sorted({row["server"] for row in _tables_below(db, source) if row["server"]})


# --- finding them ---


def _find(db: Database, source: Relation) -> Shards:
    if _is_citus(db, source):
        return Shards((), is_citus=True)
    rows = _tables_below(db, source)
    bases = {row["base"]: Relation(row["base_schema"], row["base_name"]) for row in rows if row["server"]}
    if not bases:
        return Shards(())
    is_view = source not in bases.values()
    if is_view and not all(row["readable"] and row["mapped"] for row in rows if row["base"] in bases):
        return _whole(db, source, "it is a view, and you may not read the tables below it by yourself")
    for row in rows:
        if row["base"] in bases and not row["readable"]:
            raise MadpyError(
                f'permission denied for table "{row["name"]}", a part of "{source.name}"',
                sqlstate="42501",
                hint="each part is read by itself: GRANT SELECT on all of them",
            )
    base, *others = bases.values()
    if len(rows) == 1 and not is_told(db, rows[0]["server"]):
        return _whole(db, source, f'server "{rows[0]["server"]}" is not known to have madpy')
    if others:
        return _whole(db, source, "it is made of several such tables")
    if any(row["secured"] or (is_view and row["has_policies"]) for row in rows if row["base"] in bases):
        return _whole(db, source, f'row-level security of "{base.name}" is looked at here')
    parts = []
    for row in rows:
        if row["base"] in bases:
            table = Relation(row["schema"], row["name"])
            sql = _view_over(db, source, base, table) if is_view else _only(table, row["inherited"])
            if sql is None:
                return _whole(db, source, "the view does more than pick, compute and filter row by row")
            named = f"{sql} AS {identifier(source.name)}"
            parts.append(Part(named, row["server"], table, row["probe"]))
    return Shards(tuple(parts))


def _is_citus(db: Database, source: Relation) -> bool:
    """Whether Citus distributes a source, or a table that a view names."""
    if db.value("SELECT pg_catalog.to_regclass('pg_catalog.pg_dist_partition') IS NULL"):
        return False
    rows = db.execute(
        """
        WITH RECURSIVE {used:q}
        SELECT FROM used JOIN pg_catalog.pg_dist_partition AS d ON d.logicalrelid::oid = used.oid LIMIT 1
        """,
        used=fill(USED, {"source": str(source)}),
    )
    return bool(rows)


def _tables_below(db: Database, source: Relation) -> list[dict[str, Any]]:
    """The tables with a source's rows: `base`, what it or a view names, and below it its parts."""
    return db.execute(
        """
        WITH RECURSIVE {used:q}, below(base, oid) AS (
            SELECT oid, oid FROM used
            UNION
            SELECT b.base, i.inhrelid FROM below AS b JOIN pg_catalog.pg_inherits AS i ON i.inhparent = b.oid
        )
        SELECT b.base, bn.nspname AS base_schema, bc.relname AS base_name,
               n.nspname AS schema, c.relname AS name, s.srvname AS server,
               (SELECT a.attname FROM pg_catalog.pg_attribute AS a
                WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
                ORDER BY a.atttypid >= 16384, a.attnum LIMIT 1) AS probe,
               CASE WHEN b.oid <> b.base AND NOT c.relispartition THEN ARRAY(
                   SELECT a.attname::text FROM pg_catalog.pg_attribute AS a
                   WHERE a.attrelid = b.base AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum)
               END AS inherited,
               pg_catalog.has_any_column_privilege(c.oid, 'SELECT') AS readable,
               s.oid IS NULL OR EXISTS (
                   SELECT FROM pg_catalog.pg_user_mappings AS m
                   WHERE m.srvid = s.oid AND (m.umuser = 0 OR m.usename = CURRENT_USER)) AS mapped,
               pg_catalog.row_security_active(bc.oid) OR pg_catalog.row_security_active(c.oid) AS secured,
               bc.relrowsecurity OR c.relrowsecurity AS has_policies
        FROM below AS b JOIN pg_catalog.pg_class AS c ON c.oid = b.oid AND c.relkind NOT IN ('p', 'v')
             JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
             JOIN pg_catalog.pg_class AS bc ON bc.oid = b.base
             JOIN pg_catalog.pg_namespace AS bn ON bn.oid = bc.relnamespace
             LEFT JOIN (pg_catalog.pg_foreign_table AS f
                        JOIN pg_catalog.pg_foreign_server AS s ON s.oid = f.ftserver
                        JOIN pg_catalog.pg_foreign_data_wrapper AS w
                            ON w.oid = s.srvfdw AND w.fdwname = {wrapper:l}) ON f.ftrelid = c.oid
        ORDER BY b.base, server, schema, name
        """,
        used=fill(USED, {"source": str(source)}),
        wrapper=WRAPPER,
    )


def _only(table: Relation, inherited: list[str] | None) -> str:
    """A table without its children; of one that inherits from the source no column of its own."""
    if inherited is None:
        return f"ONLY {table}"
    names = fill("{names:i,}", {"names": inherited}).rstrip(", ")
    return fill("(SELECT {names:q} FROM ONLY {table:i})", {"names": names, "table": table})


def _view_over(db: Database, view: Relation, base: Relation, table: Relation) -> str | None:
    query = db.value(
        "SELECT {schema:i}.__view_over({view:l}, {base:l}, {table:l})",
        view=str(view),
        base=str(base),
        table=str(table),
    )
    return None if query is None else f"({query})"


def _whole(db: Database, source: Relation, reason: str) -> Shards:
    """Read as it is: right, but slow."""
    db.warning(f'rows of "{source.name}" are fetched from where they are: {reason}')
    return Shards(())


# --- whether they can be used ---


def check_server(db: Database, shards: Shards, server: str) -> None:
    """Raise MadpyError unless a server is told to have madpy, is there, and has the same version."""
    if not is_told(db, server):
        raise MadpyError(
            f'server "{server}" is not known to have madpy: all its rows would be fetched',
            sqlstate=FALLEN,
            hint=f"ALTER SERVER {identifier(server)} OPTIONS (ADD extensions '{EXTENSION}'), "
            "after CREATE EXTENSION madpy there; or madpy install --all-shards TABLE",
        )
    if not db.execute("SELECT FROM pg_catalog.pg_extension WHERE extname = {name:l}", name=EXTENSION):
        raise MadpyError(
            "madpy is installed by plain SQL here, and only an extension is sent to other servers",
            sqlstate=FALLEN,
            hint="CREATE EXTENSION madpy: madpy uninstall, then madpy install, without --plain",
        )
    failure = probe(db, shards.servers[server])
    if failure is not None:
        raise failure


def is_told(db: Database, server: str) -> bool:
    """Whether a server's option `extensions` has madpy."""
    options = db.execute(
        """
        SELECT o.option_value AS extensions
        FROM pg_catalog.pg_foreign_server AS s, pg_catalog.pg_options_to_table(s.srvoptions) AS o
        WHERE s.srvname = {server:l} AND o.option_name = 'extensions'
        """,
        server=server,
    )
    return any(EXTENSION in map(str.strip, row["extensions"].split(",")) for row in options)


def probe(db: Database, part: Part) -> MadpyError | None:
    """Ask a part's server for its version of madpy: nothing, or what is wrong with it."""
    try:
        db.execute(
            "SELECT FROM {table:i} WHERE {schema:i}.__same_version({version:l}, {column:i}) LIMIT 1",
            table=part.table,
            version=str(db.value("SELECT {schema:i}.__c_version()")).encode(),
            column=part.probe,
        )
    except SqlError as error:
        return _named(str(part.server), error)
    return None


def _named(server: str, error: SqlError) -> MadpyError:
    """An error of another server with the server's name in it."""
    hint = error.hint
    if error.sqlstate in ("42883", "3F000", "42501", "58P01", FALLEN):
        hint = "install the same version there: madpy install --all-shards TABLE, or CREATE EXTENSION madpy"
    message = error.message if f'"{server}"' in error.message else f'server "{server}": {error.message}'
    return MadpyError(message, sqlstate=error.sqlstate, hint=hint, detail=error.detail)


def explained(db: Database, error: MadpyError) -> MadpyError:
    """The error of a run that lost a server: which one, found by asking all of them."""
    found: dict[Relation, Shards] = db.facts.get("shards", {})
    if not str(error.sqlstate).startswith(LOST):
        return error
    for shards in found.values():
        for part in shards.servers.values():
            failure = probe(db, part)
            if failure is not None:
                failure.detail = failure.detail or error.message
                return failure
    return error


def _check_shipped(db: Database, text: str) -> None:
    """Warn where a plan fetches rows: what the other server is not trusted to compute.

    The planner may think it cheaper too, where it expects few rows, or as many groups as rows: it is told not
    to group here, for the rest of the run, if that helps.
    """
    tables = _fetched(db, text)
    if tables and not db.facts.get("grouped there"):
        before = {name: db.value("SELECT pg_catalog.current_setting({n:l})", n=name) for name in GROUPING}
        for name in GROUPING:
            db.set(name, "off")
        tables = _fetched(db, text)
        db.facts["grouped there"] = not tables
        for name, value in before.items() if tables else ():
            db.set(name, value)
    if tables and tables not in db.facts.setdefault("fetched", set()):
        db.facts["fetched"].add(tables)
        db.warning(
            f"rows of {tables} are fetched from their servers, for an expression that postgres_fdw does not"
            " send there, as coalesce, a cast to text or a function of yours (use CASE, or a column there),"
            " or as there are as many groups as rows"
        )


def _fetched(db: Database, text: str) -> str:
    """Names of the tables whose rows a statement would fetch."""
    plan = db.value("EXPLAIN (VERBOSE, FORMAT JSON) {text:q}", text=text)
    tree = json.loads(plan) if isinstance(plan, str) else plan
    nodes = _nodes(tree[0]["Plan"])
    return ", ".join(sorted({f'"{node["Relation Name"]}"' for node in nodes if _fetches_rows(node)}))


def _nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for child in plan.get("Plans", ()):
        yield from _nodes(child)


def _fetches_rows(node: dict[str, Any]) -> bool:
    """All of a table's; a row or two are not worth a word."""
    if node["Node Type"] != "Foreign Scan" or "Relations" in node:
        return False
    return "Remote SQL" in node and not re.search(r" LIMIT [12]::bigint$", node["Remote SQL"])


# --- parameters of groups ---


def packed_keys(keys: list[list[str | None]], params: list[list[float]]) -> bytes:
    """Groups by their keys as text, each with its parameters or all with none, as __key_params takes them."""
    width = len(params[0]) if params else 0
    head = struct.pack("<Iiii", PACKED_MAGIC, len(keys), len(keys[0]) if keys else 0, width)
    texts = [NULL_KEY if key is None else _sized(key.encode()) for row in keys for key in row]
    return b"".join([head, *texts, *(struct.pack(f"<{width}d", *row) for row in params)])


def _sized(text: bytes) -> bytes:
    return struct.pack("<i", len(text)) + text
