"""The servers of postgres_fdw: their catalogue entries, and the two ways to connect to one.

Queries go through postgres_fdw; only a direct connection can install something there.
"""

import contextlib
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass

from madpy.errors import MadpyError
from madpy.install.check import undone
from madpy.ports.postgres import plpy
from madpy.ports.postgres.session.db import Database
from madpy.ports.postgres.session.sql import Relation, identifier
from madpy.ports.postgres.shards.layout import Part
from madpy.ports.postgres.shards.parts import WRAPPER
from madpy.ports.postgres.shards.servers import EXTENSION, is_declared, probe

PATIENCE = 20  # seconds that a server may take to answer
CANCELED = "57014"
NOT_REACHED = (
    "start it, or mend the options of the server or of your user mapping; this command connects as they say,"
    " from the machine that it runs on"
)
# The options of postgres_fdw that are its own; all others are libpq's.
NOT_OF_LIBPQ = {
    "analyze_sampling", "async_capable", "batch_size", "extensions", "fdw_startup_cost", "fdw_tuple_cost",
    "fetch_size", "keep_connections", "parallel_abort", "parallel_commit", "password_required",
    "restore_stats", "truncatable", "updatable", "use_remote_estimate", "use_scram_passthrough",
}  # fmt: skip
CATALOGUE = Relation("pg_temp", "madpy_extensions_there")


@dataclass(frozen=True)
class Server:
    """A foreign server and its options."""

    name: str
    options: dict[str, str]

    def __str__(self) -> str:
        """Return the address of the server."""
        host = self.options.get("host") or self.options.get("hostaddr") or "the usual socket"
        port = f" port {self.options['port']}" if "port" in self.options else ""
        return f"{host}{port}, database {self.database or 'of the role'}"

    @property
    def database(self) -> str | None:
        return self.options.get("dbname")


@dataclass(frozen=True)
class Answer:
    """The answer of a server asked through postgres_fdw: the version of its extension, or what is wrong."""

    reached: bool
    version: str | None
    failure: MadpyError | None


def in_use(db: Database) -> list[Server]:
    """The servers that have foreign tables."""
    rows = db.execute(
        """
        SELECT DISTINCT s.srvname AS name
        FROM pg_foreign_table AS t JOIN pg_foreign_server AS s ON s.oid = t.ftserver
             JOIN pg_foreign_data_wrapper AS w ON w.oid = s.srvfdw
        WHERE w.fdwname = {wrapper:l}
        ORDER BY name
        """,
        wrapper=WRAPPER,
    )
    return [read(db, row["name"]) for row in rows]


def read(db: Database, name: str) -> Server:
    """Read a server from the catalogue."""
    options = db.value(
        """
        SELECT (SELECT json_object_agg(option_name, option_value) FROM pg_options_to_table(srvoptions))
        FROM pg_foreign_server WHERE srvname = {name:l}
        """,
        name=name,
    )
    return Server(name, json.loads(options or "{}"))


def ask(db: Database, server: Server) -> Answer:
    """Ask a server for its madpy through postgres_fdw, as queries of this role do; leave nothing behind."""
    try:
        with undone(db):
            _limit_patience(db, server)
            db.execute(
                """
                CREATE FOREIGN TABLE {table:i} (oid oid, extname name, extversion text) SERVER {server:i}
                OPTIONS (schema_name 'pg_catalog', table_name 'pg_extension')
                """,
                table=CATALOGUE,
                server=server.name,
            )
            rows = db.execute(
                "SELECT extversion FROM {table:i} WHERE extname = {name:l}", table=CATALOGUE, name=EXTENSION
            )
            version = rows[0]["extversion"] if rows else None
            asked = Part(str(CATALOGUE), server.name, CATALOGUE, "oid")
            return Answer(True, version, probe(db, asked) if is_declared(db, server.name) else None)
    except MadpyError as error:
        if error.sqlstate == CANCELED:
            error = MadpyError(f"none within {_limit()} s", sqlstate=error.sqlstate)
        return Answer(False, None, error)


def _limit_patience(db: Database, server: Server) -> None:
    """Limit how long statements of this transaction wait for a server.

    Before PostgreSQL 16 only an option ends a wait for a connection, from then on only a cancel.
    """
    db.execute("SET LOCAL statement_timeout = {limit:l}", limit=f"{_limit()}s")
    owned = db.value(
        "SELECT pg_has_role(srvowner, 'USAGE') FROM pg_foreign_server WHERE srvname = {name:l}",
        name=server.name,
    )
    if owned and "connect_timeout" not in server.options:
        db.execute(
            "ALTER SERVER {server:i} OPTIONS (ADD connect_timeout {limit:l})",
            server=server.name,
            limit=str(PATIENCE),
        )


def _limit() -> int:
    """Return the seconds that a server has for all statements through postgres_fdw."""
    return PATIENCE + 5


@contextlib.contextmanager
def connected(db: Database, server: Server) -> Iterator[Database]:
    """Connect directly to a server, with the options of the connecting role's user mapping."""
    conninfo = _conninfo({"connect_timeout": str(PATIENCE), **server.options, **_mapping(db, server)})
    try:
        with _no_environment():
            connection = plpy.Connection(conninfo)
    except plpy.SPIError as error:
        raise MadpyError(str(error), sqlstate=error.sqlstate, hint=NOT_REACHED) from None
    try:
        far = Database(connection, db.schema)
        far.execute("SET search_path TO pg_catalog, pg_temp")
        far.execute("SET client_min_messages TO warning")
        yield far
    finally:
        connection.close()


def _mapping(db: Database, server: Server) -> dict[str, str]:
    """The options that postgres_fdw takes for the connecting role; a password may be among them."""
    rows = db.execute(
        """
        SELECT current_user AS role,
               (SELECT json_object_agg(option_name, option_value)
                FROM pg_options_to_table(m.umoptions)) AS options,
               m.umoptions IS NULL AND NOT r.rolsuper AND NOT pg_has_role(s.srvowner, 'USAGE')
               AND NOT (m.umuser = r.oid AND has_server_privilege(s.oid, 'USAGE')) AS hidden
        FROM pg_foreign_server AS s JOIN pg_roles AS r ON r.rolname = current_user
             LEFT JOIN pg_user_mappings AS m ON m.srvid = s.oid AND m.umuser IN (r.oid, 0)
        WHERE s.srvname = {server:l} AND m.umid IS NOT NULL
        ORDER BY m.umuser = 0 LIMIT 1
        """,
        server=server.name,
    )
    if not rows:
        role = db.value("SELECT current_user")
        raise MadpyError(
            f'role "{role}" has no user mapping',
            sqlstate="42704",
            hint=f"CREATE USER MAPPING FOR {identifier(role)} SERVER {identifier(server.name)} OPTIONS (...)",
        )
    if rows[0]["hidden"]:
        raise MadpyError(
            f'role "{rows[0]["role"]}" may not read its user mapping',
            sqlstate="42501",
            hint="connect as a superuser, or as the server's owner",
        )
    options: dict[str, str] = json.loads(rows[0]["options"] or "{}")
    return options


def _conninfo(options: dict[str, str]) -> str:
    given = {name: value for name, value in options.items() if name not in NOT_OF_LIBPQ}
    quoted = {name: value.replace("\\", "\\\\").replace("'", "\\'") for name, value in given.items()}
    return " ".join(f"{name}='{value}'" for name, value in quoted.items())


@contextlib.contextmanager
def _no_environment() -> Iterator[None]:
    """Run a block without PGHOST, PGPASSWORD and the like, which are meant for another server."""
    ours = {name: value for name, value in os.environ.items() if name.startswith("PG")}
    ours.pop("PGPASSFILE", None)  # the file names the server of each password
    for name in ours:
        del os.environ[name]
    try:
        yield
    finally:
        os.environ.update(ours)
