"""The server's side of the worker: the only file that speaks its protocol (worker/protocol.py).

A session has one connection to a worker of its own, kept from fit to fit.  While it waits for an answer it
looks for a cancel every WAIT seconds, with a statement.  Whatever ends the wait ends the connection, and with
it the worker.
"""

import contextlib
import fcntl
import hashlib
import itertools
import os
import select
import socket
import struct
import subprocess
import sys
import sysconfig
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from madpy import __version__
from madpy.errors import MadpyError
from madpy.ports.postgres.layouts.store import store_bits_offset, store_block_bytes
from madpy.ports.postgres.session.db import Database
from madpy.worker.protocol import Closed, Message, ProtocolError, receive, send

WAIT = 0.02  # seconds between two looks for a cancel
TRIES = 3
QUEUE = 1024  # sessions that may connect while the parent is not ready
SOCKET = "pgsql_tmp.madpy."  # how its name begins: base backups leave such files out
CREDENTIALS = struct.Struct("3i")
CODE = """\
import sys
sys.path.insert(0, sys.argv[1])
from madpy.worker.main import main
main(*map(int, sys.argv[2:]))
"""
KEPT_VARIABLES = ("PATH", "LD_LIBRARY_PATH", "CUDA_PATH", "CUDA_VISIBLE_DEVICES", "TZ")
FAILED = "58000"

_connection: socket.socket | None = None  # of this session, between two requests


def ask(
    db: Database, request: dict[str, Any], arrays: Sequence[Any] = (), files: Sequence[int] = ()
) -> Iterator[Message]:
    """Send a request and yield its events up to the last but one, "done", whose content is yielded, too.

    Raises MadpyError for an error of the fit, or of the worker, and the interrupt that came meanwhile.
    """
    settings = _settings(db)
    content = {
        **request,
        "memory_kb": settings["worker_memory"],
        "threads": settings["worker_threads"],
        "fits": settings["worker_fits"],
        "idle_seconds": settings["worker_idle"],
        "device": settings["device"],
        "gpu_memory_kb": settings["gpu_memory"],
    }
    connection = _request(db, Message(content, arrays, list(files)))
    is_complete = False
    try:
        while not is_complete:
            message = _receive(db, connection)
            event = message.content.get("event")
            is_complete = event in ("done", "error")
            if event == "error":
                _keep(connection)
                raise _error(message.content)
            if event == "died":
                raise _died(message.content, settings)
            if event == "waiting":
                db.progress(f"waiting for a worker, {message.content['before']} fits before this one")
                continue
            yield message
        _keep(connection)
    except (Closed, ProtocolError):
        raise MadpyError(
            "the worker was lost", sqlstate=FAILED, hint="run it again: the next call starts another one"
        ) from None
    finally:
        if not is_complete:
            connection.close()


def stored(db: Database, store: int) -> tuple[int, dict[str, int], list[tuple[int, int]]]:
    """Return the descriptor of a store's memory file, its layout, and each group's first and last row."""
    facts = db.execute("SELECT * FROM {schema:i}.__store_map({store:l})", store=store)[0]
    columns, rows = facts["num_columns"], facts["block_rows"]
    layout = {
        "bytes": facts["bytes"],
        "num_columns": columns,
        "block_rows": rows,
        "block_bytes": store_block_bytes(columns, rows),
        "bits_offset": store_bits_offset(columns, rows),
    }
    starts = facts["starts"]
    return facts["fd"], layout, list(itertools.pairwise(starts))


def _settings(db: Database) -> dict[str, Any]:
    """Return the superuser's settings, in their units."""
    rows = db.execute(
        """
        SELECT name, setting FROM pg_catalog.pg_settings
        WHERE name LIKE 'madpy.worker%' OR name IN ('madpy.device', 'madpy.gpu_memory')
        """
    )
    settings = {row["name"].removeprefix("madpy."): row["setting"] for row in rows}
    return {name: value if name == "device" else int(value) for name, value in settings.items()}


def _request(db: Database, message: Message) -> socket.socket:
    """Return the connection over which the request was sent: that of the session if its worker lives."""
    global _connection
    before, _connection = _connection, None
    if before is not None:
        if not select.select([before], [], [], 0)[0]:  # else it has ended, being idle
            with contextlib.suppress(Closed):
                send(before, message)
                return before
        before.close()
    connection = _connect(db)
    try:
        send(connection, message)
    except BaseException:
        connection.close()
        raise
    return connection


def _keep(connection: socket.socket) -> None:
    global _connection
    _connection = connection


def _receive(db: Database, connection: socket.socket) -> Message:
    def wait() -> None:
        while not select.select([connection], [], [], WAIT)[0]:
            db.execute("SELECT")  # raises a cancel, a timeout, the end of the session

    return receive(connection, wait)


def _connect(db: Database) -> socket.socket:
    """Connect to the parent of this server's workers; start it if there is none."""
    folder = _data_folder()
    path = db.value("SELECT {schema:i}.__python_path()")
    name = SOCKET + _version(path)
    for _ in range(TRIES):
        connection = socket.socket(socket.AF_UNIX)
        try:
            connection.connect(name)
            credentials = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, CREDENTIALS.size)
            if CREDENTIALS.unpack(credentials)[1] != os.geteuid():
                raise MadpyError("the worker's socket belongs to somebody else", sqlstate=FAILED)
            return connection
        except (FileNotFoundError, ConnectionRefusedError):
            connection.close()
        except BaseException:
            connection.close()
            raise
        _start(db, folder, name, path)
    raise MadpyError("no worker could be started", sqlstate=FAILED, hint="read the server's log")


def _data_folder() -> str:
    """Return the server's data directory, in which it runs; raise an error if a function has left it."""
    try:
        first = Path("postmaster.pid").read_text().splitlines()[0]
    except (OSError, IndexError):
        first = ""
    if first != str(os.getppid()):
        raise MadpyError(
            "this session has left the server's data directory",
            sqlstate="55000",
            hint="connect again",
        )
    return str(Path.cwd())


def _version(path: str) -> str:
    """Return a text that changes with the worker's files, so that an upgrade gets a parent of its own."""
    folder = Path(path, "madpy", "worker")
    files = sorted(folder.rglob("*.py"))
    known = [f"{file.name} {file.stat().st_mtime_ns}" for file in files]
    return hashlib.sha256("\n".join([__version__, path, *known]).encode()).hexdigest()[:16]


def _start(db: Database, folder: str, name: str, path: str) -> None:
    """Start the parent, unless another session is just doing so: whoever holds the lock looks again."""
    lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        _lock(db, lock)
        if _is_answered(name):
            return
        Path(name).unlink(missing_ok=True)
        with socket.socket(socket.AF_UNIX) as listener:
            before = os.umask(0o177)
            try:
                listener.bind(name)
            finally:
                os.umask(before)
            listener.listen(QUEUE)
            _spawn(listener.fileno(), path)
    finally:
        os.close(lock)


def _lock(db: Database, lock: int) -> None:
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            select.select([], [], [], WAIT)
            db.execute("SELECT")


def _is_answered(name: str) -> bool:
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(name)
            return True
        except (FileNotFoundError, ConnectionRefusedError):
            return False


def _spawn(listener: int, path: str) -> None:
    """Run the parent with the project's own Python, from which nothing of the session is left."""
    python = Path(
        sysconfig.get_config_var("BINDIR"), f"python{sys.version_info.major}.{sys.version_info.minor}"
    )
    variables = {name: os.environ[name] for name in KEPT_VARIABLES if name in os.environ}
    variables |= {
        "LC_ALL": "C.UTF-8",
        "OPENBLAS_NUM_THREADS": "1",
        "OMP_NUM_THREADS": "1",
        "SCIPY_ARRAY_API": "1",
    }
    command = [str(python), "-I", "-c", CODE, path, str(os.getppid()), str(listener)]
    try:
        started = subprocess.run(
            command, env=variables, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE, pass_fds=[listener], start_new_session=True, check=False,
        )  # fmt: skip
    except OSError as error:
        raise MadpyError(f"{python} cannot be run: {error}", sqlstate=FAILED) from None
    if started.returncode != 0:
        text = started.stderr.decode(errors="replace").strip()
        raise MadpyError("the worker cannot be started", sqlstate=FAILED, detail=text[-1000:])


def _error(content: dict[str, Any]) -> MadpyError:
    return MadpyError(
        str(content.get("message")),
        sqlstate=str(content.get("sqlstate")),
        hint=content.get("hint"),
        detail=content.get("detail"),
    )


def _died(content: dict[str, Any], settings: dict[str, Any]) -> MadpyError:
    name = content.get("name")
    if name == "SIGKILL":
        return MadpyError(
            "the fit was killed, probably because the machine ran out of memory",
            sqlstate="53200",
            hint="train on fewer rows, or lower madpy.worker_memory",
        )
    return MadpyError(
        f"the fit crashed: {name}",
        sqlstate=FAILED,
        detail=content.get("output"),
        hint="choose other hyperparameters or another algorithm: nothing else was affected",
    )
