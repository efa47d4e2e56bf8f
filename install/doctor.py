"""Find what is wrong with the madpy of a database, and what to do, from inside the backend; read only."""

import json
import sysconfig
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from madpy import __version__
from madpy.errors import SqlError
from madpy.install import citus, projects, remote
from madpy.install.check import undone
from madpy.install.finding import Finding, State
from madpy.install.state import Installation, ignored, locate
from madpy.ports.postgres.session.db import Database

NOT_ALLOWED = ("42501", "25006")  # no superuser; a standby
OLDEST_POSTGRES = 15
OLDEST_PYTHON = (3, 11)
OLDEST_NUMPY = (2, 0)
ALTER_PATH = "ALTER SYSTEM SET madpy.python_path = '{folder}'; SELECT pg_reload_conf(); then connect again"


def examine(db: Database, schema: str | None = None) -> Iterator[Finding]:
    """Yield all findings, also if madpy is not installed or Python cannot import numpy."""
    yield from _server(db)
    installation = locate(db, schema)
    yield from _installation(installation)
    yield from _schema(db, installation)
    for what in ignored(db):
        remedy = "drop it, or where you trust what it holds: ALTER ... OWNER TO a superuser"
        yield Finding("ignored", what, "note", remedy)
    yield from _library(db, installation)
    yield from _python(db)
    yield from _device(db, installation)
    yield from remote.examine(db, installation)
    yield from citus.examine(db, installation)
    yield from projects.examine(db, installation)


def _server(db: Database) -> Iterator[Finding]:
    row = db.execute(
        """
        SELECT current_setting('server_version_num')::int / 10000 AS major, version() AS version,
               current_database() AS database, current_user AS "user",
               pg_encoding_to_char(encoding) AS encoding, pg_is_in_recovery() AS standby,
               current_setting('is_superuser')::boolean AS superuser
        FROM pg_database WHERE datname = current_database()
        """
    )[0]
    if row["major"] < OLDEST_POSTGRES:
        yield Finding("PostgreSQL", row["version"], "bad", f"madpy needs version {OLDEST_POSTGRES} or later")
    else:
        yield Finding("PostgreSQL", row["version"])
    database = f"{row['database']}, {row['encoding']}" + (", a standby" if row["standby"] else "")
    if row["encoding"] != "UTF8":
        yield Finding("database", database, "bad", "create one with ENCODING 'UTF8': madpy needs it")
    else:
        yield Finding("database", database)
    if row["superuser"]:
        yield Finding("role", f"{row['user']}, a superuser")
    else:
        remedy = "installing, and looking at the server's Python from here, takes a superuser (-U)"
        yield Finding("role", f"{row['user']}, not a superuser", "note", remedy)


def _installation(installation: Installation | None) -> Iterator[Finding]:
    if installation is None:
        yield Finding("madpy in SQL", "not installed in this database", "note", "madpy install")
    elif installation.version != __version__:
        remedy = "madpy upgrade, or use the command of the same version"
        yield Finding("madpy in SQL", f"{installation}; this command is {__version__}", "bad", remedy)
    else:
        yield Finding("madpy in SQL", str(installation))


def _schema(db: Database, installation: Installation | None) -> Iterator[Finding]:
    """Check that the schema has its name still: drivers call functions by the name that it had at first."""
    if installation is None or not db.value(
        """
        SELECT count(*)
        FROM pg_proc JOIN pg_language AS l ON l.oid = prolang AND lanname = 'plpython3u'
        WHERE pronamespace = to_regnamespace(quote_ident({schema:l}))
          AND strpos(prosrc, '.__python_path()') > 0
          AND strpos(prosrc, {call:l}) = 0
        """,
        schema=installation.schema,
        call=f" {installation.schema}.__python_path()",
    ):
        return
    remedy = "ALTER SCHEMA ... RENAME TO the name that it had; madpy install --schema makes another one"
    fact = f'"{installation.schema}" had another name when madpy was installed'
    yield Finding("schema", fact, "bad", remedy)


def _library(db: Database, installation: Installation | None) -> Iterator[Finding]:
    path = _setting(db, "dynamic_library_path") or "a path that only a superuser may see"
    remedy = f"make install; it is looked for in {path}"
    try:
        version = _loaded_version(db, installation)
    except SqlError as error:
        state: State = "note" if error.sqlstate in NOT_ALLOWED else "bad"
        yield Finding("madpy.so", error.message, state, remedy if state == "bad" else None)
        return
    if installation is None:
        yield Finding("madpy.so", f"loads, from {path}")
    elif version == installation.version:
        yield Finding("madpy.so", f"{version}, from {path}")
    else:
        remedy = "make install the version that SQL has, or madpy upgrade, then connect again"
        yield Finding("madpy.so", f"{version}, but SQL has {installation.version}", "bad", remedy)


def _loaded_version(db: Database, installation: Installation | None) -> str | None:
    """Load the library, and ask it where there is a function to ask it with."""
    if installation is None:
        with undone(db):
            db.execute("LOAD 'madpy'")
        return None
    version: str = db.value("SELECT {schema:i}.__c_version()", schema=installation.schema)
    return version


def _python(db: Database) -> Iterator[Finding]:
    available = db.execute("SELECT installed_version FROM pg_available_extensions WHERE name = 'plpython3u'")
    if not available:
        major = db.value("SELECT current_setting('server_version_num')::int / 10000")
        remedy = f"install its package; on Debian and Ubuntu: apt-get install postgresql-plpython3-{major}"
        yield Finding("plpython3u", "the server does not have it", "bad", remedy)
        return
    version = available[0]["installed_version"]
    yield Finding("plpython3u", version or "available; madpy install creates it")
    path = _setting(db, "madpy.python_path")
    try:
        facts = _ask_backend(db, path)
    except SqlError as error:
        if error.sqlstate in NOT_ALLOWED:
            yield Finding("Python", f"not looked at: {error.message}", "note")
        else:
            yield Finding(
                "Python", error.message, "bad", "plpython3u itself does not work: reinstall its package"
            )
        return
    yield from _interpreter(facts)
    yield from _search_path(facts, path)
    yield from _packages(facts)


def _device(db: Database, installation: Installation | None) -> Iterator[Finding]:
    """Have a worker look for a GPU, where madpy is installed: nothing is imported into the server."""
    if installation is None or not db.value(
        "SELECT to_regprocedure(quote_ident({schema:l}) || '.sk_device()') IS NOT NULL",
        schema=installation.schema,
    ):
        return
    try:
        facts = db.execute("SELECT * FROM {schema:i}.sk_device()", schema=installation.schema)[0]
    except SqlError as error:
        yield Finding("device of fits", error.message, "note" if error.sqlstate in NOT_ALLOWED else "bad")
        return
    if facts["device"] is None:
        fact = f"madpy.device is cuda, but: {facts['detail']}"
        yield Finding("device of fits", fact, "bad", "set madpy.device to auto or to cpu")
    else:
        yield Finding("device of fits", f"{facts['device']}: {facts['detail']}")


def _setting(db: Database, name: str) -> str | None:
    """Return a setting, or None if the role may not read it or it is empty."""
    try:
        value: str | None = db.value("SELECT current_setting({name:l}, true)", name=name)
    except SqlError:
        return None
    return value or None


def _ask_backend(db: Database, path: str | None) -> dict[str, Any]:
    source = (Path(__file__).parent / "backend.py").read_text(encoding="utf-8")
    with undone(db):
        db.execute("CREATE EXTENSION IF NOT EXISTS plpython3u")
        db.execute(
            """
            CREATE FUNCTION pg_temp.madpy_doctor(python_path text) RETURNS text
            LANGUAGE plpython3u AS {body:l}
            """,
            body=f"{source}\nimport json\nreturn json.dumps(report(python_path))\n",
        )
        facts: dict[str, Any] = json.loads(db.value("SELECT pg_temp.madpy_doctor({path:l})", path=path))
    return facts


def _interpreter(facts: dict[str, Any]) -> Iterator[Finding]:
    parts = (facts["python"], facts["executable"], f"prefix {facts['prefix']}", f"as user {facts['user']}")
    fact = ", ".join(filter(None, parts))  # since 3.13 a Python embedded in another program has no executable
    if _numbers(facts["python"]) < OLDEST_PYTHON:
        oldest = ".".join(map(str, OLDEST_PYTHON))
        yield Finding("Python", fact, "bad", f"madpy needs {oldest} or later: a plpython3u that links to one")
    else:
        yield Finding("Python", fact)
    yield Finding("machine", facts["machine"])


def _search_path(facts: dict[str, Any], path: str | None) -> Iterator[Finding]:
    user = facts["user"]
    if path is None:
        remedy = ALTER_PATH.format(folder=sysconfig.get_paths()["purelib"])
        yield Finding("madpy.python_path", "not set", "bad", remedy)
    elif not facts["path_is_folder"]:
        remedy = (
            f"set it to a folder that there is, and that {user} can get to: {ALTER_PATH.format(folder='...')}"
        )
        yield Finding("madpy.python_path", f"{path} is no folder that the server can see", "bad", remedy)
    elif not facts["path_is_readable"]:
        yield Finding("madpy.python_path", f"{user} may not read {path}", "bad", f"chmod a+rX {path}")
    else:
        yield Finding("madpy.python_path", path)
    yield Finding("sys.path", ", ".join(entry or "''" for entry in facts["sys_path"]))


def _packages(facts: dict[str, Any]) -> Iterator[Finding]:
    for name, package in facts["packages"].items():
        if "error" in package:
            yield Finding(
                name, package["error"], "bad", "pip install madpy into the folder of madpy.python_path"
            )
        elif name == "numpy" and _numbers(package["version"]) < OLDEST_NUMPY:
            remedy = "madpy needs 2.0 or later: pip install it into the folder of madpy.python_path"
            yield Finding(name, f"{package['version']}, {package['file']}", "bad", remedy)
        elif name == "madpy" and package["version"] != __version__:
            remedy = f"this command is {__version__}: install the same in both places, then connect again"
            yield Finding(name, f"{package['version']}, {package['file']}", "bad", remedy)
        else:
            yield Finding(name, f"{package['version']}, {package['file']}")


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".")[:2])
