"""The command `madpy`: install the library into a database, look after it there, remove it."""

import functools
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape

from madpy import __version__
from madpy import config as configuration
from madpy.config import Config
from madpy.errors import MadpyError
from madpy.install import apply, remote, state
from madpy.install import check as checking
from madpy.install import doctor as diagnosis
from madpy.install import upgrade as upgrading
from madpy.install.console import (
    FAILED,
    Dbname,
    Host,
    Password,
    Port,
    User,
    connect,
    connected,
    err,
    errors_printed,
    out,
    shown,
)
from madpy.install.finding import Finding
from madpy.install.plan import Release
from madpy.install.render import install_script, upgrade_script
from madpy.ports.postgres.session.db import Database

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    help="Put madpy, machine learning inside PostgreSQL, into a database, and look after it there.",
    epilog="The database is found as psql finds it: -h, -p, -U, -d, then PGHOST, PGPORT, PGUSER, PGDATABASE, "
    "PGPASSWORD, PGSERVICE.  Exit codes: 0 done, 1 failed, 2 wrong usage.",
)

Schema = Annotated[
    str | None, typer.Option("--schema", metavar="NAME", help="Schema of madpy, where not the usual one.")
]
Projects = Annotated[
    str | None,
    typer.Option("--projects-schema", metavar="NAME", help="Schema of projects, where not the usual one."),
]
Plain = Annotated[
    bool, typer.Option("--plain", metavar="", help="Plain SQL, even where there is the extension.")
]
ConfigFile = Annotated[
    Path | None, typer.Option("--config", metavar="FILE", help="A Config.yml in place of the usual one.")
]
From = Annotated[
    str | None, typer.Option("--from", metavar="VERSION", help="The upgrade from this version instead.")
]
AllShards = Annotated[
    str | None,
    typer.Option(
        "--all-shards", metavar="TABLE", help="Here, and on every server that has a part of this table."
    ),
]


def command(*examples: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Make a function a subcommand with these examples in its help; errors give exit code 1."""

    def register(function: Callable[..., None]) -> Callable[..., None]:
        @functools.wraps(function)
        def run(*args: Any, **kwargs: Any) -> None:
            with errors_printed():
                function(*args, **kwargs)

        listed = "\n\n".join(("[bold]Examples[/]", *(f"  {escape(example)}" for example in examples)))
        return app.command(name=function.__name__.rstrip("_"), epilog=listed)(run)

    return register


def tell(findings: Iterable[Finding]) -> None:
    """Print a line for each finding; exit with code 1 if any is bad."""
    bad = 0
    for finding in findings:
        bad += finding.state == "bad"
        word = {"good": "[green]ok  [/]", "bad": "[red]bad [/]", "note": "[yellow]note[/]"}[finding.state]
        out.print(f"{word} {escape(finding.what):<18} {escape(in_a_line(finding.fact))}")
        if finding.remedy:
            out.print(f"{'':<23} [bold]to do:[/] {escape(in_a_line(finding.remedy))}")
    if bad:
        raise typer.Exit(FAILED)


def in_schemas(usual: Config, schema: str | None, projects_schema: str | None) -> Config:
    """Return the configuration with the schemas that the options name."""
    own = {} if projects_schema is None else {"projects": projects_schema}
    return usual.with_schema(schema).with_own_schemas(own)


def in_a_line(text: str) -> str:
    return " ".join(map(str.strip, text.splitlines()))


@command(
    "madpy install -d sales",
    "madpy install -d sales --schema ml",
    "madpy install -d sales --all-shards public.orders",
)
@connected
def install(
    db: Database,
    schema: Schema = None,
    projects_schema: Projects = None,
    plain: Plain = False,
    all_shards: AllShards = None,
) -> None:
    """Install madpy into a database, in one transaction.

    As an extension where the server has its files, otherwise by plain SQL.  Takes a superuser.

    With --all-shards also on every postgres_fdw server that has a part of the table: connects there as your
    user mapping says, installs the same version or upgrades to it, sets the server's options extensions and
    async_capable here, and asks it through postgres_fdw.  A line for each; exit code 1 if any fails.
    """
    usual = configuration.load()
    if all_shards is not None:
        if plain or projects_schema or schema not in (None, usual.schema):
            raise typer.BadParameter("--all-shards takes the extension, in its usual schema")
        tell(remote.install(db, Release(usual), all_shards, shown))
        return
    release = Release(in_schemas(usual, schema, projects_schema))
    # The files of the extension are made for the usual schemas.
    plain = plain or release.config.schemas != usual.schemas
    installation = apply.install(db, release, plain, shown)
    out.print(f"installed: {escape(str(installation))}")


@command("madpy uninstall -d sales")
@connected
def uninstall(db: Database, schema: Schema = None) -> None:
    """Remove madpy from a database, and nothing else.

    Refuses, and says why, where views or tables of yours need it, and where its schema holds anything else.
    """
    installation = state.located(db, schema)
    apply.uninstall(db, installation, Release(configuration.load()), shown)
    out.print(f"removed: {escape(str(installation))}")


@command("madpy upgrade -d sales")
@connected
def upgrade(db: Database, schema: Schema = None) -> None:
    """Bring madpy up to date in a database.

    Your views, your models and the rights you have granted stay.
    """
    before = state.located(db, schema)
    after = upgrading.upgrade(db, before, Release(configuration.load()), shown)
    from_where = "up to date" if after == before else f"upgraded from {before.version}"
    out.print(f"{from_where}: {escape(str(after))}")


@command("madpy check -d sales")
@connected
def check(db: Database, schema: Schema = None) -> None:
    """Test each module inside a database.

    One line for each; what a test makes is rolled back.  Exit code 1 if any fails.
    """
    installation = state.located(db, schema)
    out.print(escape(str(installation)))
    failed = 0
    for answer in checking.check(db, installation, Release(configuration.load())):
        failed += answer.ok is False
        word = {True: "[green]ok    [/]", False: "[red]failed[/]", None: "[yellow]none  [/]"}[answer.ok]
        out.print(f"{word} {answer.module:<12} {escape(answer.detail)} [dim]({answer.seconds:.2f} s)[/]")
    if failed:
        err.print("[bold]hint:[/] madpy doctor looks for the cause")
        raise typer.Exit(FAILED)


@command("madpy doctor -d sales")
@connected
def doctor(db: Database, schema: Schema = None) -> None:
    """Find out from inside the server what is wrong, and what to do.

    Looks at PostgreSQL, the C library, PL/Python and its packages, and at the servers of postgres_fdw, and
    changes nothing.  Exit code 1 if anything is wrong.
    """
    tell(diagnosis.examine(db, schema))


@command("madpy render --schema ml | psql -d sales", "madpy render --from 0.1.0 >upgrade.sql")
def render(
    schema: Schema = None, projects_schema: Projects = None, config: ConfigFile = None, old: From = None
) -> None:
    """Print the plain script, for psql -f.

    It installs madpy in one transaction, without any file of the extension on the server.
    """
    release = Release(in_schemas(configuration.load(config), schema, projects_schema))
    sys.stdout.write(upgrade_script(release, "plain", old) if old else install_script(release, "plain"))


@command("madpy version", "madpy version -d sales")
def version(
    host: Host = None,
    port: Port = None,
    username: User = None,
    dbname: Dbname = None,
    password: Password = False,
) -> None:
    """Print the version of this command, and of madpy in the database.

    A database that cannot be reached is no failure.
    """
    print(f"madpy {__version__}")
    try:
        db = connect(host, port, username, dbname, password)
    except MadpyError as error:
        err.print(f"no database: {escape(error.message)}", style="dim")
        return
    server = db.value("SELECT current_setting('server_version')")
    database = db.value("SELECT current_database()")
    print(f'database "{database}": {state.locate(db) or "madpy is not installed"}, PostgreSQL {server}')


if __name__ == "__main__":
    app(prog_name="madpy")
