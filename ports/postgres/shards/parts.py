"""The parts of a table whose rows lie on several servers, found in the catalogue."""

from typing import TYPE_CHECKING, Any

from madpy.errors import MadpyError
from madpy.ports.postgres.session.sql import Relation, fill, identifier
from madpy.ports.postgres.shards.layout import Part, Shards
from madpy.ports.postgres.shards.servers import is_declared

if TYPE_CHECKING:
    from madpy.ports.postgres.scan.source import Source

WRAPPER = "postgres_fdw"
ACTIVE = 1  # shardstate of a placement that has its rows

# Part of WITH RECURSIVE: the relations that a source and the views in it read.
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
# The user mapping that a role has on server s: its own, or that of all.
MAPPING = """
    (SELECT m.umid FROM pg_catalog.pg_user_mappings AS m
     WHERE m.srvid = s.oid AND m.umuser IN (0, {role:q}) ORDER BY m.umuser DESC LIMIT 1)
"""


def find_parts(source: "Source") -> Shards:
    """Find the parts of a source on other servers; return none, with a WARNING, if they cannot be used."""
    db = source.db
    if source.facts["has_citus"] and (shards := _of_citus(source)):
        return shards
    if not source.facts["has_foreign_tables"]:
        return Shards(())
    rows = _tables_below(source)
    bases = {row["base"]: Relation(row["base_schema"], row["base_name"]) for row in rows if row["server"]}
    if not bases:
        return Shards(())
    is_view = source not in bases.values()
    below = [row for row in rows if row["base"] in bases]
    if is_view and not all(row["readable_whole"] for row in below):
        return _whole(source, "it is a view, and you may not read the tables below it by yourself")
    if is_view and not all(row["mapped_alike"] for row in below):
        return _whole(source, "it is a view, and its owner has a user mapping that is not yours")
    for row in below:
        if not row["readable"]:
            raise MadpyError(
                f'permission denied for table "{row["name"]}", a part of "{source.name}"',
                sqlstate="42501",
                hint="ask for SELECT on all parts and USAGE on their schemas: each part is read by itself",
            )
    base, *others = bases.values()
    if len(rows) == 1 and not is_declared(db, rows[0]["server"]):
        return _whole(source, f'server "{rows[0]["server"]}" is not known to have madpy')
    if others:
        return _whole(source, "it is made of several such tables")
    if any(row["secured"] or (is_view and row["has_policies"]) for row in below):
        return _whole(source, f'row-level security of "{base.name}" is looked at here')
    parts = []
    for row in below:
        table = Relation(row["schema"], row["name"])
        sql = _view_over(source, base, table) if is_view else _only(table, row["inherited"])
        if sql is None:
            return _whole(source, "the view does more than pick, compute and filter row by row")
        named = f"{sql} AS {identifier(source.name)}"
        parts.append(Part(named, row["server"], table, row["probe"]))
    return Shards(tuple(parts))


def servers_below(source: "Source") -> list[str]:
    """List the servers that have rows of a source, whether they can be used or not."""
    return sorted({row["server"] for row in _tables_below(source) if row["server"]})


def _of_citus(source: "Source") -> Shards | None:
    """Return the shards of a source that Citus distributes, itself or below a view; None for other sources.

    A shard counts as local if one of its placements is: all shards of a reference table may be.
    """
    row = source.db.execute(
        """
        WITH RECURSIVE {used:q}, shards AS (
            SELECT EXISTS (
                SELECT FROM pg_catalog.pg_dist_placement AS p
                     JOIN pg_catalog.pg_dist_local_group AS l USING (groupid)
                WHERE p.shardid = s.shardid AND p.shardstate = {active:l}) AS is_here
            FROM used JOIN pg_catalog.pg_dist_partition AS d ON d.logicalrelid::oid = used.oid
                 LEFT JOIN pg_catalog.pg_dist_shard AS s ON s.logicalrelid = d.logicalrelid
        )
        SELECT pg_catalog.count(*) > 0 AS is_citus, pg_catalog.bool_and(is_here) AS is_here FROM shards
        """,
        used=fill(USED, {"source": str(source)}),
        active=ACTIVE,
    )[0]
    return Shards((), is_citus=True, is_far=not row["is_here"]) if row["is_citus"] else None


def _tables_below(source: "Source") -> list[dict[str, Any]]:
    """Read the tables with a source's rows: `base`, which is it or below a view, and the parts of `base`.

    A view reads with the rights of its owner and by the owner's user mapping on a server: `mapped_alike`
    tells whether the reader of the view has the same mapping.
    """
    return source.db.execute(
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
                      AND pg_catalog.has_column_privilege(c.oid, a.attnum, 'SELECT')
                ORDER BY a.atttypid >= 16384, a.attnum LIMIT 1) AS probe,
               CASE WHEN b.oid <> b.base AND NOT c.relispartition THEN ARRAY(
                   SELECT a.attname::text FROM pg_catalog.pg_attribute AS a
                   WHERE a.attrelid = b.base AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum)
               END AS inherited,
               pg_catalog.has_schema_privilege(n.oid, 'USAGE')
                   AND pg_catalog.has_any_column_privilege(c.oid, 'SELECT') AS readable,
               pg_catalog.has_schema_privilege(n.oid, 'USAGE')
                   AND pg_catalog.has_table_privilege(c.oid, 'SELECT') AS readable_whole,
               s.oid IS NULL OR NOT EXISTS (
                   SELECT FROM used AS u JOIN pg_catalog.pg_class AS v ON v.oid = u.oid AND v.relkind = 'v'
                   WHERE NOT EXISTS (
                       SELECT FROM pg_catalog.pg_options_to_table(v.reloptions) AS o
                       WHERE o.option_name = 'security_invoker' AND o.option_value::boolean)
                   AND ({owners:q} = {own:q}) IS NOT TRUE) AS mapped_alike,
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
        owners=fill(MAPPING, {"role": "v.relowner"}),
        own=fill(MAPPING, {"role": "(SELECT oid FROM pg_catalog.pg_roles WHERE rolname = CURRENT_USER)"}),
        wrapper=WRAPPER,
    )


def _only(table: Relation, inherited: list[str] | None) -> str:
    """Return an item of FROM: a table without its children, and without columns that the source lacks."""
    if inherited is None:
        return f"ONLY {table}"
    names = fill("{names:i,}", {"names": inherited}).rstrip(", ")
    return fill("(SELECT {names:q} FROM ONLY {table:i})", {"names": names, "table": table})


def _view_over(view: "Source", base: Relation, table: Relation) -> str | None:
    query = view.db.value(
        "SELECT {schema:i}.__view_over({view:l}, {base:l}, {table:l})",
        view=str(view),
        base=str(base),
        table=str(table),
    )
    return None if query is None else f"({query})"


def _whole(source: "Source", reason: str) -> Shards:
    """Warn that the source is read as a whole, which is right but slow, and return no parts."""
    source.db.warning(f'rows of "{source.name}" are fetched from their servers: {reason}')
    return Shards(())
