"""madpy on every server with a part of a table: installs it there, and declares it to postgres_fdw here."""

import shlex
from collections.abc import Iterator

from madpy.errors import MadpyError, SqlError
from madpy.install import apply, servers
from madpy.install.apply import Progress
from madpy.install.check import undone
from madpy.install.finding import Finding, State
from madpy.install.plan import Release
from madpy.install.servers import Answer, Server
from madpy.install.state import Installation, locate
from madpy.install.upgrade import NO_PATH, upgrade
from madpy.ports.postgres.scan.source import Source
from madpy.ports.postgres.session.db import Database
from madpy.ports.postgres.shards.parts import servers_below
from madpy.ports.postgres.shards.servers import EXTENSION, FALLEN, declaration, is_declared

NO_RIGHT = "42501"
NO_NAME = "42602"
PLAIN = "madpy is installed by plain SQL here, and only an extension is sent to other servers"
NOT_PLAIN = "run madpy uninstall, then madpy install, without --plain"
NOT_FOR_THIS_ROLE = (NO_RIGHT, "42704", "25006", "2F003")  # no right, no mapping, a standby, no password


def install(db: Database, release: Release, table: str, progress: Progress = iter) -> Iterator[Finding]:
    """Install madpy here and on every server with a part of `table`, an SQL name; yield a finding for each.

    A server where it cannot be done is a bad finding, and the others go on.
    """
    names = servers_below(_source(db, table))
    if not names:
        raise MadpyError(
            f'no part of "{table}" is on another server',
            hint="give --all-shards a table with parts in postgres_fdw, or leave it out to install here",
        )
    here, done = _here(db, release, progress)
    yield Finding("here", f"{here}, {done}")
    for name in names:
        yield _one(Database(db.connection, here.schema), servers.read(db, name), here, release, progress)


def examine(db: Database, here: Installation | None) -> Iterator[Finding]:
    """Yield a finding for every server that has foreign tables: its madpy, and whether calls can use it."""
    db = Database(db.connection, here.schema if here else db.schema)
    for server in servers.in_use(db):
        known = is_declared(db, server.name)
        answer = servers.ask(db, server)
        fact, remedy = _judged(server, known, answer, here)
        state: State = "good"
        if remedy is not None:
            state = "bad" if known and here and not _is_for_others(answer) else "note"
        yield Finding(f"server {server.name}", f"{server}: {fact}", state, remedy)


def _is_for_others(answer: Answer) -> bool:
    failure = None if answer.reached else answer.failure
    return failure is not None and failure.sqlstate in NOT_FOR_THIS_ROLE


def _judged(server: Server, known: bool, answer: Answer, here: Installation | None) -> tuple[str, str | None]:
    """Return the fact about a server, and a remedy unless all is well."""
    this = "madpy install --all-shards TABLE"
    if _is_for_others(answer):
        return f"not looked at: {answer.failure}", "madpy doctor as a role that may use the server"
    if answer.failure and not answer.reached:
        said = ": ".join(filter(None, [answer.failure.message, answer.failure.detail]))
        return f"no answer: {said}", "start it, or mend the server's options or your user mapping"
    version = f"madpy {answer.version}" if answer.version else "no extension madpy"
    if not known:
        return (
            f"{version}; not in the option extensions here, so that rows would be fetched",
            f"{this}, to train on them",
        )
    if here is None:
        return f"{version}, and none here", this
    if here.product != "extension":
        return f"{version}, but {PLAIN}", NOT_PLAIN
    if answer.version not in (None, here.version):
        return f"{version}, but {here.version} here", f"{this}, or madpy upgrade here"
    if answer.failure:
        remedy = _to_do_there(server, here, answer.failure) if answer.version else this
        return f"{version}: {answer.failure}", remedy or this
    return f"{version if answer.version else 'madpy by plain SQL'}, the same as here", None


# --- one server ---


def _one(db: Database, server: Server, here: Installation, release: Release, progress: Progress) -> Finding:
    def failed(error: MadpyError, remedy: str | None) -> Finding:
        return Finding(server.name, f"{server}: {error.message}", "bad", remedy or "this command again")

    try:
        with servers.connected(db, server) as far:
            done = _brought(far, here, release, progress)
    except MadpyError as error:
        return failed(error, _to_do_there(server, here, error))
    try:
        done += _set_server_options(db, server)
    except MadpyError as error:
        command = declaration(db, server.name)
        return failed(error, f"as the owner of the server, here: this command, or {command}")
    failure = servers.ask(db, server).failure
    if failure is not None:
        return failed(failure, _to_do_there(server, here, failure))
    return Finding(server.name, f"{server}: madpy {here.version}, {done}")


def _brought(far: Database, here: Installation, release: Release, progress: Progress) -> str:
    """Bring a server to the version that is here, and say what was done."""
    installed = locate(far, here.schema)
    if installed is None:
        if not apply.offered_as_extension(far):
            raise MadpyError("it does not have the files of madpy", sqlstate=apply.UNDEFINED_FILE)
        apply.install(far, release, progress=progress, version=here.version)
        return "installed now"
    if installed.version == here.version:
        return "was there"
    if upgrade(far, installed, release, progress, version=here.version).version != here.version:
        raise MadpyError(f"madpy is {installed.version} there, and {here.version} here", sqlstate=NO_PATH)
    return f"upgraded from {installed.version}"


def _to_do_there(server: Server, here: Installation, error: MadpyError) -> str | None:
    if error.sqlstate in (apply.UNDEFINED_FILE, NO_PATH, FALLEN):
        return f"make install of madpy {here.version} on that machine, then this command again"
    if error.sqlstate == NO_RIGHT and isinstance(error, SqlError):
        database = shlex.quote(server.database or "DATABASE")
        return (
            f"there, as a superuser: madpy install -d {database}; then this command again, or as a role here"
            " that a user mapping makes a superuser there"
        )
    return error.hint


def _set_server_options(db: Database, server: Server) -> str:
    """Let postgres_fdw send calls of madpy there, and servers work at the same time; say what was set."""
    wanted = {}
    if not is_declared(db, server.name):
        wanted["extensions"] = ", ".join(filter(None, [server.options.get("extensions"), EXTENSION]))
    if "async_capable" not in server.options:
        wanted["async_capable"] = "true"
    with db.atomic():
        for option, value in wanted.items():
            db.execute(
                "ALTER SERVER {server:i} OPTIONS ({verb:q} {option:i} {value:l})",
                server=server.name,
                verb="SET" if option in server.options else "ADD",
                option=option,
                value=value,
            )
    return "".join(f"; {option} set to '{value}'" for option, value in wanted.items())


# --- here ---


def _source(db: Database, table: str) -> Source:
    """Return the table of that name on the connecting role's own search_path."""
    oid = None
    try:
        with undone(db):
            # Nothing else is asked with it: it may have operators of others before the system's.
            db.execute("SET LOCAL search_path TO DEFAULT")
            oid = db.value("SELECT pg_catalog.to_regclass({table:l})::pg_catalog.oid", table=table)
    except SqlError as error:
        if error.sqlstate != NO_NAME:  # NULL from PostgreSQL 16 on
            raise
    rows = db.execute(
        """
        SELECT n.nspname AS schema, c.relname AS name
        FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
        WHERE c.oid = {oid:l}
        """,
        oid=oid,
    )
    if not rows:
        raise MadpyError(
            f'table "{table}" does not exist', sqlstate="42P01", hint="write it as in SQL: schema.table"
        )
    return Source(rows[0]["schema"], rows[0]["name"], db)


def _here(db: Database, release: Release, progress: Progress) -> tuple[Installation, str]:
    here = locate(db, release.schema)
    if here is None and apply.offered_as_extension(db):
        return apply.install(db, release, progress=progress), "installed now"
    if here is None:
        raise MadpyError(
            "the server does not have the files of madpy",
            sqlstate=apply.UNDEFINED_FILE,
            hint="run make install on its machine",
        )
    if here.product != "extension":
        raise MadpyError(PLAIN, sqlstate=FALLEN, hint=NOT_PLAIN)
    return here, "was there"
