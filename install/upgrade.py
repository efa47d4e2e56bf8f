"""From an older version to this one: users' views, rights and tables stay."""

from madpy.errors import SqlError
from madpy.install.apply import Progress, run
from madpy.install.plan import Release, Step, upgrade_steps
from madpy.install.state import Installation, located
from madpy.ports.postgres.session.db import Database
from madpy.ports.postgres.session.sql import fill

NO_PATH = "22023"


def upgrade(
    db: Database,
    installation: Installation,
    release: Release,
    progress: Progress = iter,
    version: str | None = None,
) -> Installation:
    """Bring `installation` up to date, and return the installation that is there then.

    An extension gets the `version` given, or the one of the server's files; the plain product to
    `release`.
    """
    release = installation.release(release)
    if installation.product == "extension":
        _update_extension(db, progress, version)
    elif installation.version != release.version:
        run(db, upgrade_steps(release, "plain", installation.version), progress)
    return located(db, installation.schema)


def _update_extension(db: Database, progress: Progress, version: str | None) -> None:
    update = "ALTER EXTENSION madpy UPDATE"
    if version is not None:
        update = fill("ALTER EXTENSION madpy UPDATE TO {v:l}", {"v": version})
    try:
        run(db, [Step("extension madpy", update)], progress)
    except SqlError as error:
        if error.sqlstate == NO_PATH:
            error.hint = "Put the files of the newer extension on the machine of the server: make install."
        raise
