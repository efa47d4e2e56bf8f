"""Other servers: whether they can compute states, and which of them has caused an error."""

from typing import TYPE_CHECKING

from madpy.errors import MadpyError, SqlError
from madpy.ports.postgres.session.db import CANCELED, Database
from madpy.ports.postgres.session.sql import Relation, fill, identifier
from madpy.records import Record

if TYPE_CHECKING:
    from madpy.ports.postgres.shards.layout import Part, Shards

EXTENSION = "madpy"
LOST = ("08", "57P")  # SQLSTATEs of a connection that is gone, or of a server that goes down
FALLEN = "55000"
NO_FILE = "58P01"
NO_FUNCTION, NO_SCHEMA = "42883", "3F000"
NO_COLUMN, OTHER_TYPE, NO_MAPPING = "42703", "42804", "42704"
LACKING = "compare the columns of the foreign table with its server's, by column_name: one is lacking there"


def check_server(db: Database, part: "Part") -> None:
    """Raise MadpyError unless a server is declared to have madpy, answers, and has the same version."""
    server = str(part.server)
    if not is_declared(db, server):
        raise MadpyError(
            f'server "{server}" is not known to have madpy: all its rows would be fetched',
            sqlstate=FALLEN,
            hint=f"{declaration(db, server)}, after CREATE EXTENSION madpy there;"
            " or madpy install --all-shards TABLE",
        )
    if not db.execute("SELECT FROM pg_catalog.pg_extension WHERE extname = {name:l}", name=EXTENSION):
        raise MadpyError(
            "madpy is installed by plain SQL here, and only an extension is sent to other servers",
            sqlstate=FALLEN,
            hint="run madpy uninstall, then madpy install, without --plain",
        )
    failure = probe(db, part)
    if failure is not None:
        raise failure


def is_declared(db: Database, server: str) -> bool:
    """Tell whether the option `extensions` of a server lists madpy."""
    return any(EXTENSION in map(str.strip, listed.split(",")) for listed in _declared(db, server))


def declaration(db: Database, server: str) -> str:
    """Return the statement that adds madpy to the option `extensions` of a server."""
    extensions = _declared(db, server)
    return fill(
        "ALTER SERVER {server:i} OPTIONS ({verb:q} extensions {value:l})",
        {
            "server": server,
            "verb": "SET" if extensions else "ADD",
            "value": ", ".join([*extensions, EXTENSION]),
        },
    )


def _declared(db: Database, server: str) -> list[str]:
    """Return the option `extensions` of a server: a list of one text, or an empty one if it is not set."""
    options = db.execute(
        """
        SELECT o.option_value AS extensions
        FROM pg_catalog.pg_foreign_server AS s, pg_catalog.pg_options_to_table(s.srvoptions) AS o
        WHERE s.srvname = {server:l} AND o.option_name = 'extensions'
        """,
        server=server,
    )
    return [row["extensions"] for row in options]


def probe(db: Database, part: "Part") -> MadpyError | None:
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
    """Return an error of another server with the server's name in it; a cancelled query stays as it is."""
    if error.sqlstate == CANCELED:
        return error
    hint, detail = error.hint, error.detail
    message = error.message if f'"{server}"' in error.message else f'server "{server}": {error.message}'
    if error.sqlstate in (NO_FUNCTION, NO_SCHEMA):
        message, detail = f'server "{server}" does not have this version of madpy', error.message
    if error.sqlstate in (NO_FUNCTION, NO_SCHEMA, NO_FILE, FALLEN):
        hint = "install the same version there: madpy install --all-shards TABLE, or CREATE EXTENSION madpy"
    if error.sqlstate == "42501":
        hint = "give the role of your user mapping SELECT on the table there, and USAGE on madpy's schema"
    if error.sqlstate == NO_MAPPING and not hint:
        hint = f"CREATE USER MAPPING FOR CURRENT_USER SERVER {identifier(server)} OPTIONS (...)"
    return MadpyError(message, sqlstate=error.sqlstate, hint=hint, detail=detail)


class Worker(Record):
    """A machine of Citus, and its answer to a query of its version of madpy."""

    name: str
    version: str | None
    failure: str | None


def workers(db: Database) -> list[Worker]:
    """Ask each other machine of Citus for its version of madpy; return none if there is no Citus."""
    if db.value("SELECT pg_catalog.to_regclass('pg_catalog.pg_dist_node') IS NULL"):
        return []
    rows = db.execute(
        """
        SELECT nodename || ':' || nodeport AS name, success, result
        FROM pg_catalog.run_command_on_workers({command:l}) ORDER BY nodename, nodeport
        """,
        command=fill("SELECT {schema:i}.__c_version()", {"schema": db.schema}),
    )
    return [
        Worker(row["name"], row["result"], None)
        if row["success"]
        else Worker(row["name"], None, row["result"].removeprefix("ERROR:").strip())
        for row in rows
    ]


def _worker_without(db: Database, error: MadpyError) -> MadpyError:
    """Return the error of the machine of Citus that lacks madpy, with its name; else `error` itself."""
    try:
        asked = workers(db)
    except SqlError:  # outside the server: the transaction has failed
        return error
    lacking = next((worker for worker in asked if worker.failure), None)
    if lacking is None:
        return error
    return MadpyError(
        f'server "{lacking.name}": {lacking.failure}',
        sqlstate=error.sqlstate,
        hint="install the same version of madpy there: make install on that machine",
    )


def server_error(db: Database, error: MadpyError) -> MadpyError:
    """Return the error of a failed run with the name of the server that caused it, found by asking all."""
    shards_by_source: dict[Relation, Shards] = db.facts.get("shards", {})
    if error.sqlstate in (NO_FILE, NO_FUNCTION, NO_SCHEMA) and any(
        one.is_citus for one in shards_by_source.values()
    ):
        return _worker_without(db, error)
    parts = [part for shards in shards_by_source.values() for part in shards.parts if part.server is not None]
    if str(error.sqlstate).startswith(LOST):
        for shards in shards_by_source.values():
            for part in shards.servers.values():
                failure = probe(db, part)
                if failure is not None:
                    failure.detail = failure.detail or error.message
                    return failure
    if parts and isinstance(error, SqlError) and error.sqlstate == NO_COLUMN:
        return next(filter(None, (_lacks(db, part) for part in parts)), error)
    if parts and isinstance(error, SqlError) and error.sqlstate == OTHER_TYPE:
        hint = "declare each column of a foreign table with the type that it has on its server"
        return SqlError(error.message, sqlstate=error.sqlstate, hint=hint, detail=error.detail)
    return error


def _lacks(db: Database, part: "Part") -> MadpyError | None:
    """Return the error for a part whose table on its server lacks a column; None if it lacks none."""
    try:
        db.execute("SELECT * FROM ONLY {table:i} LIMIT 1", table=part.table)
    except SqlError as error:
        if error.sqlstate == NO_COLUMN:
            named = _named(str(part.server), error)
            return MadpyError(named.message, sqlstate=error.sqlstate, hint=LACKING)
    return None
