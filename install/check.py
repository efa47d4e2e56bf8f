"""The self-tests in a database: each module's `check.sql`, rolled back when it has answered.

`modules/<m>/check.sql` is a template; its last statement is a SELECT of one row (ok boolean, detail text).
"""

import contextlib
import dataclasses
import time
from collections.abc import Iterator
from dataclasses import dataclass

from madpy.errors import SqlError
from madpy.install.plan import Release, filled, own_schema
from madpy.install.state import Installation
from madpy.ports.postgres.session.db import Database

CANCELLED = "57014"


@dataclass(frozen=True)
class Answer:
    """The result of a module's self-test; `ok` is None where a module has no self-test."""

    module: str
    ok: bool | None
    detail: str
    seconds: float = 0.0


def check(db: Database, installation: Installation, release: Release) -> Iterator[Answer]:
    """Yield an answer for each module."""
    release = dataclasses.replace(installation.release(release), version=installation.version)
    for module in release.config.modules:
        path = release.home / "modules" / module.name / "check.sql"
        if not path.exists():
            yield Answer(module.name, None, "has no self-test")
            continue
        sql = filled(path.read_text(encoding="utf-8"), release, **own_schema(module))
        yield _answer(db, module.name, sql)


@contextlib.contextmanager
def undone(db: Database) -> Iterator[None]:
    """Run a block in a transaction that is always rolled back."""
    db.execute("BEGIN")
    try:
        yield
    finally:
        # A lost connection has rolled back by itself, and its own error is the one to report.
        with contextlib.suppress(SqlError):
            db.execute("ROLLBACK")


def _answer(db: Database, module: str, sql: str) -> Answer:
    start = time.monotonic()
    try:
        with undone(db):
            rows = db.execute("{script:q}", script=sql)
    except SqlError as error:
        if error.sqlstate == CANCELLED:
            raise
        return Answer(module, False, error.message, time.monotonic() - start)
    seconds = time.monotonic() - start
    if len(rows) != 1 or rows[0].keys() != {"ok", "detail"}:
        return Answer(module, False, "check.sql did not return one row (ok, detail)", seconds)
    return Answer(module, rows[0]["ok"] is True, rows[0]["detail"] or "", seconds)
