"""Facts about a session that hold for a whole run, read in one statement as it begins."""

import json
import time
from typing import Any

from madpy.records import Record

SETTINGS = {
    "quote_all_identifiers": "off",  # types by their names
    "array_nulls": "on",  # NULL in array text
    "extra_float_digits": "1",  # a label or a group's value that was text is the same number again
    "DateStyle": "ISO",  # so is a time: IST may be another zone's; the order of a date is kept
}
CHANGED = (*SETTINGS, "application_name", "search_path")  # settings that most runs change
# Types that statements name without a schema: the grammar looks for them in the search_path.
TYPES = (
    *("text", "name", "date", "uuid", "bytea", "inet", "jsonb", "timestamptz"),
    *("oid", "tid", "regclass", "regtype", "regcollation"),
)
# Run before the search_path is known: nothing is looked up there.
QUERY = """
    SELECT {schema:i}.__savepoints_guard(true) AS is_guarded,
           pg_catalog.current_database() AS database, current_user AS role,
           pg_catalog.getdatabaseencoding() AS encoding,
           pg_catalog.current_setting('server_version') AS server_version,
           CAST(pg_catalog.current_setting('max_identifier_length') AS pg_catalog.int4) AS longest_name,
           CAST(pg_catalog.current_setting('transaction_read_only') AS pg_catalog.bool) AS is_read_only,
           pg_catalog.pg_is_in_recovery() AS is_standby,
           pg_catalog.date_part('epoch', pg_catalog.clock_timestamp()) AS clock,
           pg_catalog.array_to_json(pg_catalog.current_schemas(true)) AS searched,
           pg_catalog.array_to_json(pg_catalog.current_schemas(false)) AS listed,
           (SELECT typname FROM pg_catalog.pg_type
            WHERE typnamespace OPERATOR(pg_catalog.=) pg_catalog.pg_my_temp_schema()
              AND typname OPERATOR(pg_catalog.=) ANY ({types:q}) LIMIT 1) AS hides,
           {settings:q}
"""
HOLES = {
    "types": f"'{{{','.join(TYPES)}}}'",
    "settings": ", ".join(f"pg_catalog.current_setting('{name}') AS {name.lower()}" for name in CHANGED),
}


class Session(Record):
    """Facts about a session: one row of QUERY."""

    database: str
    role: str
    encoding: str
    server_version: str
    longest_name: int  # bytes of an identifier
    is_read_only: bool
    is_standby: bool
    clock: float  # seconds since 1970, by the server
    searched: list[str]  # schemas of the search_path, including those that are searched implicitly
    listed: list[str]  # schemas that the search_path names
    hides: str | None  # a temporary type with the name of one of TYPES
    is_guarded: bool  # Citus is there: see src/catalog/savepoints.c
    settings: dict[str, str]  # the values of CHANGED
    read_at: float  # time by Python's clock

    @classmethod
    def of(cls, row: dict[str, Any]) -> "Session":
        """Build the facts from a row of QUERY."""
        settings = {name: row.pop(name.lower()) for name in CHANGED}
        lists = {name: json.loads(row.pop(name)) for name in ("searched", "listed")}
        return cls(**row, **lists, settings=settings, read_at=time.monotonic())
