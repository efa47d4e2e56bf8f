"""Relations of a call, looked up in one statement: those that are read and those to be created."""

from collections.abc import Sequence

from madpy.ports.postgres.session.db import Database
from madpy.ports.postgres.session.sql import Relation
from madpy.records import Record

QUERY = """
    SELECT f.*, t.*
    FROM ROWS FROM (pg_catalog.unnest({schemas:l}::name[]), pg_catalog.unnest({names:l}::name[]))
             WITH ORDINALITY AS w(schema, name, place)
         LEFT JOIN LATERAL (
             SELECT n.nspname AS schema, c.relname AS name, c.relkind AS kind,
                    pg_catalog.has_schema_privilege(n.oid, 'USAGE') AS is_usable,
                    pg_catalog.has_any_column_privilege(c.oid, 'SELECT') AS is_readable,
                    pg_catalog.format('%I.%I', n.nspname, c.relname) AS full_name
             FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
             WHERE c.relname = w.name
               AND CASE WHEN w.schema IS NULL THEN pg_catalog.pg_table_is_visible(c.oid)
                        WHEN w.schema = 'pg_temp' THEN n.oid = pg_catalog.pg_my_temp_schema()
                        ELSE n.nspname = w.schema END
         ) AS f ON true
         CROSS JOIN (
             SELECT p.schema AS written_schema, n.nspname AS target_schema,
                    pg_catalog.has_schema_privilege(n.oid, 'USAGE')
                        AND pg_catalog.has_schema_privilege(n.oid, 'CREATE') AS is_writable,
                    n.oid <> pg_catalog.pg_my_temp_schema()
                        AND n.nspname::text ~ '^(pg_|information_schema$)' AS is_system,
                    ARRAY(
                        SELECT pg_catalog.format('%I.%I', p.schema, m.name)
                        FROM pg_catalog.unnest({made:l}::text[]) WITH ORDINALITY AS m(name, place)
                        WHERE p.schema IS NOT NULL ORDER BY m.place) AS full_names,
                    ARRAY(
                        SELECT relname::text FROM pg_catalog.pg_class
                        WHERE relname = ANY ({made:l}::name[]) AND relnamespace = n.oid
                        UNION ALL
                        SELECT typname::text FROM pg_catalog.pg_type
                        WHERE typname = ANY ({made:l}::name[]) AND typnamespace = n.oid) AS taken
             FROM (SELECT COALESCE({schema:l}::name, pg_catalog.current_schema()) AS schema) AS p
                  LEFT JOIN pg_catalog.pg_namespace AS n
                      ON n.oid = CASE p.schema WHEN 'pg_temp' THEN pg_catalog.pg_my_temp_schema()
                                 ELSE pg_catalog.to_regnamespace(pg_catalog.quote_ident(p.schema))::oid END
             OFFSET 0
         ) AS t
    ORDER BY w.place
"""


class Found(Record):
    """A relation of any kind, as to_regclass finds it, and whether the caller may read it."""

    relation: Relation
    kind: str  # relkind
    is_usable: bool  # its schema
    is_readable: bool
    full_name: str


class Place(Record):
    """A schema for new tables: whether they can be created there, and which of their names are taken."""

    schema: str | None  # the given schema, or the first of the search path; None if there is none
    real_schema: str | None  # its own name, also for pg_temp; None if there is no such schema
    is_writable: bool
    is_system: bool
    full_names: list[str]  # with quotes where SQL needs them
    taken: list[str]  # names that a relation or a type has: tables share the names of both


def find(
    db: Database,
    names: Sequence[Sequence[str]],
    schema: str | None = None,
    made: Sequence[str] = (),
) -> tuple[list[Found | None], Place]:
    """Look up relations, each by [name] or [schema, name], and the schema of the tables to be `made`."""
    wanted = names or [[""]]
    rows = db.execute_kept(
        QUERY,
        schemas=[name[0] if len(name) == 2 else None for name in wanted],
        names=[name[-1] for name in wanted],
        schema=schema,
        made=list(made),
    )
    relations = [
        Found(
            Relation(row["schema"], row["name"]),
            row["kind"],
            row["is_usable"],
            row["is_readable"],
            row["full_name"],
        )
        if row["name"] is not None
        else None
        for row in rows
    ]
    one = rows[0]
    destination = Place(
        one["written_schema"],
        one["target_schema"],
        bool(one["is_writable"]),
        bool(one["is_system"]),
        one["full_names"],
        one["taken"],
    )
    return relations[: len(names)], destination
