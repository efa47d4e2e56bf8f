"""The command at a terminal: psql's connection options, progress, and errors in the form of psql."""

import functools
import getpass
import inspect
import re
import shlex
import shutil
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
)

from madpy.errors import MadpyError
from madpy.install.plan import Step
from madpy.ports.postgres import plpy
from madpy.ports.postgres.session.db import Database

FAILED = 1
NO_ROLE = 'role ".*" does not exist'
PEER_FAILED = "Peer authentication failed"

out = Console(highlight=False, soft_wrap=True)
err = Console(highlight=False, soft_wrap=True, stderr=True)

CONNECTION = "Connection, as with psql"
Host = Annotated[
    str | None,
    typer.Option(
        "--host", "-h", metavar="HOST", help="Server, or folder of its socket.", rich_help_panel=CONNECTION
    ),
]
Port = Annotated[
    int | None,
    typer.Option("--port", "-p", metavar="PORT", help="Port of the server.", rich_help_panel=CONNECTION),
]
User = Annotated[
    str | None,
    typer.Option("--username", "-U", metavar="NAME", help="Role to connect as.", rich_help_panel=CONNECTION),
]
Dbname = Annotated[
    str | None,
    typer.Option(
        "--dbname", "-d", metavar="DBNAME", help="Database, URI or conninfo.", rich_help_panel=CONNECTION
    ),
]
Password = Annotated[
    bool, typer.Option("--password", "-W", metavar="", help="Ask for a password.", rich_help_panel=CONNECTION)
]


def connected(function: Callable[..., None]) -> Callable[..., None]:
    """Give a subcommand psql's connection options, and the connection as its first argument."""
    own = list(inspect.signature(function).parameters.values())[1:]
    options = inspect.signature(connect).parameters.values()

    @functools.wraps(function)
    def run(**given: Any) -> None:
        connection = {option.name: given.pop(option.name) for option in options}
        function(connect(**connection), **given)

    run.__signature__ = inspect.Signature([*own, *options])  # type: ignore[attr-defined]
    return run


def connect(
    host: Host = None,
    port: Port = None,
    username: User = None,
    dbname: Dbname = None,
    password: Password = False,
) -> Database:
    """Connect as psql does: ask for a password with -W, or if the server wants one, on a terminal."""
    try:
        plpy.connect(dbname, host, port, username, getpass.getpass("Password: ") if password else None)
    except plpy.SPIError as error:
        wanted = "no password supplied" in str(error) and sys.stdin.isatty()
        if password or not wanted:
            hint = _connection_hint(str(error), username)
            raise MadpyError(str(error), sqlstate=error.sqlstate, hint=hint) from None
        return connect(host, port, username, dbname, password=True)
    db = Database(plpy)
    db.execute("SET search_path TO pg_catalog, pg_temp")
    db.execute("SET client_min_messages TO warning")
    return db


def _connection_hint(refusal: str, user: str | None) -> str:
    """Return a hint for a connection that the server refused: often it has no role of the login's name."""
    unknown = PEER_FAILED if user else f"{NO_ROLE}|{PEER_FAILED}"
    if re.search(f"on socket .* FATAL: +({unknown})", refusal, re.DOTALL):
        program = shutil.which("madpy") or f"{sys.prefix}/bin/madpy"  # sudo may not look in /usr/local/bin
        words = shlex.join([program, *sys.argv[1:]])
        return f"Run it as the account of the server, which is a superuser there: sudo -u postgres {words}"
    return "Give host, port, user and database as with psql: -h, -p, -U, -d."


def shown(steps: Sequence[Step]) -> Iterable[Step]:
    """Yield the steps, with a progress bar on a terminal."""
    columns = (
        SpinnerColumn(),
        BarColumn(20),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.description}"),
    )
    with Progress(*columns, console=err, transient=True) as progress:
        task = progress.add_task("", total=len(steps))
        for step in steps:
            progress.update(task, description=escape(step.title))
            yield step
            progress.advance(task)


@contextmanager
def errors_printed() -> Iterator[None]:
    """Print a MadpyError on stderr in the form of psql, close the connection, and exit with code 1."""
    try:
        yield
    except MadpyError as error:
        err.print(f"[bold red]error:[/] {escape(error.message)}")
        for name, text in (("detail", error.detail), ("hint", error.hint)):
            if text:
                err.print(f"[bold]{name}:[/] {escape(text)}")
        raise typer.Exit(FAILED) from None
    finally:
        plpy.close()
