"""The private cluster of this checkout: a PostgreSQL server of its own, on a unix socket.

    python -m madpy.dev.server start|stop|status|env|psql

Nothing is written to the system's PostgreSQL: settings of the private server name the folders of the
extension and of the library.
PostgreSQL refuses to run as root, so for root it runs as `postgres`.  The cluster's superuser is `madpy`;
whoever can enter the socket's folder, which is closed to all but the owner, is trusted.
"""

import fcntl
import os
import shlex
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Any

try:
    import pg
except ModuleNotFoundError:
    if __name__ != "__main__":
        raise
    sys.exit("madpy: this Python does not have the packages of madpy: make server, make psql, make stop")

from madpy import __version__
from madpy.dev import cluster, place
from madpy.dev.state import State, here, say
from madpy.errors import MadpyError
from madpy.ports.postgres.session.sql import fill

DATABASE = "madpy"


@dataclass(frozen=True)
class Address:
    """The address of a server and database."""

    host: str
    port: int = cluster.PORT
    user: str = cluster.SUPERUSER
    database: str = DATABASE

    def variables(self) -> dict[str, str]:
        """Return the address as libpq's environment variables."""
        return {
            "PGHOST": self.host,
            "PGPORT": str(self.port),
            "PGUSER": self.user,
            "PGDATABASE": self.database,
        }

    def connect(self, database: str | None = None, user: str | None = None) -> pg.Connection:
        """Open a connection of PyGreSQL's classic interface."""
        return pg.connect(
            dbname=database or self.database, host=self.host, port=self.port, user=user or self.user
        )


def main(arguments: list[str]) -> None:
    """Run one of the commands: start, stop, status, env, psql."""
    command, *rest = arguments or ["status"]
    state = here()
    match command:
        case "start":
            address = start(state)
            update_extension(state, address)
            say(f'the server runs, database "{DATABASE}" has the extension; make psql connects')
        case "env":
            address = start(state)
            update_extension(state, address)
            for name, value in address.variables().items():
                print(f"export {name}={shlex.quote(value)}")
        case "psql":
            os.execve(state.program("psql"), ["psql", *rest], client_environment(start(state)))
        case "stop":
            folders = [*state.folder.glob("shard-*"), state.folder / "example"]  # left by tests
            others = [replace(state, folder=folder) for folder in folders]
            stopped = [cluster.stop(one) for one in (state, *others)]
            say("stopped" if any(stopped) else "the server was not running")
        case "status":
            where = cluster.socket_folder(state)
            print(f"running, socket in {where}" if cluster.running(state) else "not running")
        case _:
            sys.exit(__doc__)


def start(state: State, *, refresh: bool = True) -> Address:
    """Start the server with the library of the checkout unless it runs; return its address."""
    with lock(state):
        changed = place.refresh(state) if refresh else []
        if changed:
            say(f"brought up to date: {shorten(changed)}")
        address = Address(str(cluster.ensure_running(state)))
        ensure_database(address)
    return address


def update_extension(state: State, address: Address) -> None:
    """Create the extension in the cluster's own database, or bring it up to date with its script."""
    scripts = b"".join(path.read_bytes() for path in sorted(cluster.extension_folder(state).glob("madpy*")))
    script = sha256(scripts).hexdigest()
    made = state.folder / "extension-made"
    with closing(address.connect()) as connection:
        connection.set_notice_receiver(lambda notice: None)
        present = extension(connection)
        if present and made.exists() and made.read_text() == f"{present['oid']} {script}":
            return
        connection.query("BEGIN")
        if present and present["version"] != __version__:
            connection.query("ALTER EXTENSION madpy UPDATE")
        elif not present or dropped(connection, present):
            connection.query("CREATE EXTENSION madpy CASCADE")
        else:
            return
        made_now = extension(connection)["oid"]
        connection.query("COMMIT")
        made.write_text(f"{made_now} {script}")


def extension(connection: pg.Connection) -> dict[str, Any]:
    """Return the catalogue entry of the extension in this database; empty without it."""
    rows = connection.query(
        "SELECT oid, extversion AS version FROM pg_extension WHERE extname = 'madpy'"
    ).dictresult()
    if not rows:
        return {}
    tables = connection.query(
        """
        SELECT c.oid::regclass::text
        FROM pg_extension AS e JOIN pg_class AS c ON c.oid = ANY (e.extconfig) AND c.relkind = 'r'
        WHERE e.extname = 'madpy'
        """
    ).getresult()
    first = [connection.query(fill("SELECT FROM {t:q} LIMIT 1", {"t": table})) for (table,) in tables]
    return {**rows[0], "keeps_data": any(map(len, first))}


def dropped(connection: pg.Connection, present: dict[str, Any]) -> bool:
    """Drop the extension, unless objects or data of the user depend on it; return whether it was dropped."""
    reason = "it has tables with your data in them"
    try:
        if not present["keeps_data"]:
            connection.query("DROP EXTENSION madpy")
            return True
    except pg.DatabaseError as error:
        if error.sqlstate != "2BP01":  # dependent_objects_still_exist
            raise
        reason = f"your objects need it\n{error}"
    say(f'database "{DATABASE}" keeps the extension as it was before its script changed: {reason}')
    return False


def client_environment(address: Address) -> dict[str, str]:
    """Return the environment for a client of the cluster, without the user's settings for other servers."""
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith("PG") or name == "PG_CONFIG"
    }
    return environment | address.variables()


def ensure_database(address: Address) -> None:
    with closing(address.connect("postgres")) as connection:
        names = connection.query("SELECT datname FROM pg_database").getresult()
        if (DATABASE,) not in names:
            connection.query(f"CREATE DATABASE {DATABASE}")


@contextmanager
def lock(state: State) -> Iterator[None]:
    """Hold a lock, since two runs of make may coincide."""
    with (state.folder / "lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def shorten(names: list[str]) -> str:
    return ", ".join(names[:6]) + (f" and {len(names) - 6} more files" if len(names) > 6 else "")


def report(error: MadpyError | pg.Error) -> str:
    """Return an error as text for a terminal: the fact, the detail, the hint."""
    parts = (f"madpy: {error}", getattr(error, "detail", None), getattr(error, "hint", None))
    return "\n".join(filter(None, parts))


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except (MadpyError, pg.Error) as error:
        sys.exit(report(error))
