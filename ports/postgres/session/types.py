"""Types by their names, and values as text and back without casts that the owner of a type has made.

An explicit cast runs the function of CREATE CAST with the caller's rights.  The types below are the
server's own, for which only a superuser can create a cast.
"""

from collections.abc import Sequence

from madpy.ports.postgres.session.db import Database
from madpy.ports.postgres.session.sql import literal

INTEGERS = {"smallint", "integer", "bigint"}
NUMBERS = INTEGERS | {"real", "double precision", "numeric"}
TEXTS = {"text", "character varying", "character", "name", '"char"'}
TIMES = {"date", "timestamp without time zone", "timestamp with time zone"}
DURATIONS = {"time without time zone", "interval"}
# Types whose values can be compared and sorted, and which are cast.
PLAIN = NUMBERS | TEXTS | TIMES | DURATIONS | {"boolean", "uuid", "bytea", "inet"}
# Types that JSON has, or writes in one way whatever the session's settings are.
IN_JSON = NUMBERS | TEXTS | TIMES | {"boolean", "uuid", "jsonb"}

ONE_COLLATION = 'COLLATE pg_catalog."default"'


def text_item(item: str, sql_type: str) -> str:
    """Return SQL of an expression as text, by the type's output function if the type is not in PLAIN.

    The cast of a plain type can be sent to another server.
    """
    if sql_type in PLAIN:
        return f"({item})::text"
    return f"CASE WHEN ({item}) IS DISTINCT FROM NULL THEN pg_catalog.format('%s', {item}) END"


def json_item(item: str, sql_type: str) -> str:
    """Return SQL of an argument of jsonb_build_object, which would run a type's own cast to json."""
    return item if sql_type.removesuffix("[]") in IN_JSON else text_item(item, sql_type)


def values_item(texts: Sequence[str | None], sql_type: str) -> str:
    """Return an item of a SELECT with a row for each text, read as a value of a type."""
    return f"pg_catalog.unnest({literal(array_text(texts))}::{sql_type}[])"


def array_text(texts: Sequence[str | None]) -> str:
    """Return the text of an array with these elements."""
    return "{" + ",".join("NULL" if text is None else _element(text) for text in texts) + "}"


def _element(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def domain_within(db: Database, sql_type: str) -> str | None:
    """Return a domain that a type contains, if any: reading a value from text would run its constraints."""
    if sql_type in PLAIN:
        return None
    rows = db.execute(
        """
        WITH RECURSIVE parts(oid) AS (
            SELECT {type:l}::regtype::oid
            UNION
            SELECT below.oid
            FROM parts AS p JOIN pg_catalog.pg_type AS t ON t.oid = p.oid AND t.typtype <> 'd'
                 CROSS JOIN LATERAL (
                     SELECT t.typelem WHERE t.typelem <> 0
                     UNION ALL
                     SELECT atttypid FROM pg_catalog.pg_attribute
                     WHERE attrelid = t.typrelid AND t.typrelid <> 0 AND attnum > 0 AND NOT attisdropped
                     UNION ALL
                     SELECT rngsubtype FROM pg_catalog.pg_range WHERE t.oid IN (rngtypid, rngmultitypid)
                 ) AS below(oid)
        )
        SELECT p.oid::regtype::text AS name
        FROM parts AS p JOIN pg_catalog.pg_type AS t ON t.oid = p.oid AND t.typtype = 'd' LIMIT 1
        """,
        type=sql_type,
    )
    return str(rows[0]["name"]) if rows else None
