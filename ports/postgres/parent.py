"""The way to the parent of this server's workers: a socket in the data directory, and who starts the parent.

The parent outlives the session that has started it, and serves all sessions of the server.
"""

import contextlib
import fcntl
import hashlib
import math
import os
import select
import socket
import struct
import sys
import sysconfig
import time
from collections.abc import Iterator
from pathlib import Path

from madpy import __version__
from madpy.errors import MadpyError
from madpy.ports.postgres.session.db import Database

WAIT = 0.02  # seconds between two looks for a cancel
TRIES = 3
QUEUE = 1024  # sessions that may connect while the parent is not ready
SOCKET = "pgsql_tmp.madpy."  # how its name begins: base backups leave such files out
LOCK = f"{SOCKET}lock"
CREDENTIALS = struct.Struct("3i")
CODE = """\
import sys
sys.path.insert(0, sys.argv[1])
from madpy.worker.main import main
main(*map(int, sys.argv[2:]))
"""
READY = b"\0ready"  # the last bytes that the parent writes, see worker/main.py
KEPT_VARIABLES = ("PATH", "LD_LIBRARY_PATH", "CUDA_PATH", "CUDA_VISIBLE_DEVICES", "TZ")
LIBRARIES = ("madpy", "numpy", "scipy", "scikit_learn", "threadpoolctl", "cupy*")
FAILED = "58000"


def connect(db: Database) -> socket.socket:
    """Return a connection to the parent, which does not block; start the parent if there is none."""
    _check_folder()
    path = db.value("SELECT {schema:i}.__python_path()")
    name = SOCKET + _version(path)
    for _ in range(TRIES):
        connection = _reach(db, name)
        if connection is not None:
            return connection
        with _locked(db):  # whoever holds the lock looks again: another session may have started it
            connection = _reach(db, name)
            if connection is not None:
                return connection
            _start(db, name, path)
    raise MadpyError("no worker could be started", sqlstate=FAILED, hint="read the server's log")


def wait(db: Database, descriptor: int, event: int, until: float = math.inf) -> None:
    """Wait for an event of a descriptor; raise the interrupt that comes meanwhile.

    Raises TimeoutError where none has come by a point in time of time.monotonic().
    """
    poll = select.poll()  # select() takes small descriptors only
    poll.register(descriptor, event)
    while not poll.poll(WAIT * 1000):
        look(db)
        if time.monotonic() > until:
            raise TimeoutError


def look(db: Database) -> None:
    """Raise a cancel or a timeout that has come; end the session if it has to, or if its client has gone."""
    db.execute("SELECT {schema:i}.__check_client()")


def _check_folder() -> None:
    """Raise an error if the session is not in the server's data directory: a function may have left it."""
    try:
        first = Path("postmaster.pid").read_text().splitlines()[0]
    except (OSError, IndexError):
        first = ""
    if first != str(os.getppid()):
        raise MadpyError(
            "this session has left the server's data directory", sqlstate="55000", hint="connect again"
        )


def _version(path: str) -> str:
    """Return a text that changes with the files that the parent imports: an upgrade gets a new parent."""
    folder = Path(path, "madpy", "worker")
    files = sorted(folder.rglob("*.py"))
    installed = sorted(one for name in LIBRARIES for one in Path(path).glob(f"{name}-*.dist-info"))
    known = [f"{file} {file.stat().st_mtime_ns}" for file in (*files, *installed)]
    return hashlib.sha256("\n".join([__version__, *known]).encode()).hexdigest()[:16]


def _reach(db: Database, name: str) -> socket.socket | None:
    """Return a connection to the socket of this name, None if nobody listens there."""
    while True:
        connection = socket.socket(socket.AF_UNIX)
        try:
            connection.setblocking(False)
            connection.connect(name)
            _check_owner(connection)
            return connection
        except (FileNotFoundError, ConnectionRefusedError):
            connection.close()
            return None
        except BlockingIOError:  # more sessions than QUEUE wait for the parent
            connection.close()
        except BaseException:
            connection.close()
            raise
        select.select([], [], [], WAIT)
        look(db)


def _check_owner(connection: socket.socket) -> None:
    credentials = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, CREDENTIALS.size)
    if CREDENTIALS.unpack(credentials)[1] != os.geteuid():
        raise MadpyError("the worker's socket belongs to somebody else", sqlstate=FAILED)


@contextlib.contextmanager
def _locked(db: Database) -> Iterator[None]:
    """Hold the lock of those who start the parent; a session that waits for it can be cancelled.

    The file is the server's alone, so that nobody else can hold the lock: the data directory itself, and
    most files in it, may be open to a group.
    """
    lock = os.open(LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                select.select([], [], [], WAIT)
                look(db)
        yield
    finally:
        os.close(lock)


def _start(db: Database, name: str, path: str) -> None:
    """Start the parent, and wait until it is ready; what parents that were killed have left is removed."""
    _remove_leftovers()
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(name)
        Path(name).chmod(0o600)
        listener.listen(QUEUE)  # nobody could connect before
        _spawn(db, listener.fileno(), path)


def _remove_leftovers() -> None:
    """Remove sockets that nobody listens to."""
    for path in Path().glob(f"{SOCKET}*"):
        with socket.socket(socket.AF_UNIX) as probe:
            probe.setblocking(False)
            try:
                if path.is_socket():
                    probe.connect(str(path))
            except ConnectionRefusedError:
                path.unlink(missing_ok=True)
            except OSError:
                continue


def _spawn(db: Database, listener: int, path: str) -> None:
    """Run the parent with the project's own Python, from which nothing of the session is left."""
    import subprocess  # takes time to import, and most sessions start no parent

    version = sys.version_info
    python = str(Path(sysconfig.get_config_var("BINDIR"), f"python{version.major}.{version.minor}"))
    variables = {name: os.environ[name] for name in KEPT_VARIABLES if name in os.environ}
    variables |= {
        "LC_ALL": "C.UTF-8",
        "OPENBLAS_NUM_THREADS": "1",
        "OMP_NUM_THREADS": "1",
        "SCIPY_ARRAY_API": "1",
    }
    command = [python, "-I", "-c", CODE, path, str(os.getppid()), str(listener)]
    output, theirs = os.pipe()
    try:
        process = subprocess.Popen(
            command, env=variables, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=theirs,
            pass_fds=[listener], start_new_session=True,
        )  # fmt: skip
    except OSError as error:
        os.close(output)
        raise MadpyError(f"{python} cannot be run: {error}", sqlstate=FAILED) from None
    finally:
        os.close(theirs)
    try:
        text = _read_all(db, output)
    finally:
        os.close(output)
        process.kill()  # this process has forked a daemon and ended
        process.wait()
    if not text.endswith(READY):
        detail = text.decode(errors="replace").replace("\0", "").strip()[-1000:]
        raise MadpyError("the worker cannot be started", sqlstate=FAILED, detail=detail or None)


def _read_all(db: Database, descriptor: int) -> bytes:
    """Read up to the end of a pipe."""
    text = b""
    while True:
        wait(db, descriptor, select.POLLIN)
        piece = os.read(descriptor, 65536)
        if not piece:
            return text
        text += piece
