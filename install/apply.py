"""Installing and uninstalling: each is one transaction."""

import contextlib
from collections.abc import Callable, Iterable, Iterator, Sequence

from madpy.errors import MadpyError, SqlError
from madpy.install.plan import Product, Release, Step, install_steps, own_sql
from madpy.install.state import Installation, dependents, located, strangers, tables_with_rows
from madpy.ports.postgres.session.db import Database
from madpy.ports.postgres.session.sql import fill

Progress = Callable[[Sequence[Step]], Iterable[Step]]

STILL_NEEDED = "2BP01"
UNDEFINED_FILE = "58P01"
UNSUPPORTED = "0A000"


def install(
    db: Database,
    release: Release,
    plain: bool = False,
    progress: Progress = iter,
    version: str | None = None,
) -> Installation:
    """Install `release` as an extension if the server has its files, else, or on request, by plain SQL.

    An extension has the `version` given, or the one of the server's files.
    """
    steps = install_steps(release, "plain")
    if not plain and offered_as_extension(db):
        # The guard runs first, because its errors are clearer than those of CREATE EXTENSION.
        create = "CREATE EXTENSION madpy CASCADE"
        if version is not None:
            create = fill("CREATE EXTENSION madpy VERSION {v:l} CASCADE", {"v": version})
        steps = [steps[0], Step("extension madpy", create)]
    with _transaction(db):
        run(db, steps, progress)
        return located(db, release.schema)


def uninstall(db: Database, installation: Installation, release: Release, progress: Progress = iter) -> None:
    """Drop all of madpy and nothing else; raise an error that names objects of users that depend on it."""
    release = installation.release(release)
    with _transaction(db):
        if needing := dependents(db, installation, release):
            raise MadpyError(
                f"madpy is still needed by {_listed(needing)}",
                sqlstate=STILL_NEEDED,
                hint="Drop or change these first.  Nothing was removed.",
            )
        if tables := tables_with_rows(db, installation, release):
            raise MadpyError(
                f"madpy keeps rows of yours in {_listed(tables)}",
                sqlstate=STILL_NEEDED,
                hint=f"Drop your projects first: {_drops(installation)}.  Nothing was removed.",
            )
        if others := strangers(db, installation, release):
            raise MadpyError(
                f"{_of_madpy(release)} objects that are not madpy's: {_listed(others)}",
                sqlstate=STILL_NEEDED,
                hint="Move these (ALTER ... SET SCHEMA) or drop them first.  Nothing was removed.",
            )
        run(db, _drop_steps(installation.product, release), progress)


def run(db: Database, steps: Sequence[Step], progress: Progress = iter) -> None:
    """Run all steps in one transaction; an error names the step that failed."""
    with _transaction(db):
        for step in progress(steps):
            try:
                db.execute("{script:q}", script=step.sql)
            except SqlError as error:
                if step is not steps[0]:  # the first step is the guard, whose error needs no title
                    error.detail = error.detail or f"in step: {step.title}"
                raise


def offered_as_extension(db: Database) -> bool:
    """Say whether the server finds the files of the extension.

    pg_available_extensions is not used: on Debian it ignores extension_destdir.
    """
    try:
        with db.atomic():
            db.execute("SELECT FROM pg_extension_update_paths('madpy')")
    except SqlError as error:
        if error.sqlstate in (UNDEFINED_FILE, UNSUPPORTED):
            return False
        raise
    return True


@contextlib.contextmanager
def _transaction(db: Database) -> Iterator[None]:
    """Run a block in a transaction in which names are the system's or qualified, and without NOTICEs."""
    with db.atomic():
        db.execute("SET LOCAL search_path TO pg_catalog, pg_temp")
        db.execute("SET LOCAL client_min_messages TO warning")
        yield


def _drop_steps(product: Product, release: Release) -> list[Step]:
    drop = "DROP EXTENSION madpy RESTRICT" if product == "extension" else own_sql(release, "drop")
    return [Step("functions and types", drop), Step("schema", own_sql(release, "drop_schema"))]


def _drops(installation: Installation) -> str:
    """Return the statement that drops all projects."""
    own = dict(installation.own_schemas).get("projects", "pgml")
    return fill("SELECT {own:q}.drop_project(name) FROM {own:q}.projects", {"own": own})


def _of_madpy(release: Release) -> str:
    names = [f'"{name}"' for name in release.config.schemas]
    return f"schema {names[0]} also has" if len(names) == 1 else f"schemas {' and '.join(names)} also have"


def _listed(names: list[str]) -> str:
    rest = f" and {len(names) - 10} more" if len(names) > 10 else ""
    return ", ".join(names[:10]) + rest
