"""The server's side of the worker: the only file that speaks its protocol (worker/protocol.py).

A session has one connection to a worker of its own, kept from fit to fit.  While it waits for an answer it
looks for a cancel every 20 ms, with a statement.  Whatever ends the wait ends the connection, and with it
the worker.
"""

import contextlib
import math
import os
import re
import select
import socket
from collections.abc import Generator, Iterator, Sequence
from typing import Any

from madpy.errors import MadpyError
from madpy.ports.postgres import parent
from madpy.ports.postgres.session.db import Database
from madpy.worker.protocol import Closed, Message, ProtocolError, TooLargeError, receive, send

OUT_OF_MEMORY = "53200"
SQLSTATE = re.compile(r"(?!00|57)[0-9A-Z]{5}")  # codes of errors: neither success nor a cancel
MOST_TEXT = 10_000  # characters of a text of an answer
# Fields that answers must have, and their types: a broken worker may say anything.
Field = type | tuple[type, ...]
EVENTS: dict[str, dict[str, Field]] = {
    "progress": {"group": int, "groups": int},
    "left_out": {"inputs": list},
    "model": {"group": int, "num_rows": int, "num_skipped": int},
    "rows": {
        "num_rows": int,
        "num_test_rows": int,
        "num_usable": int,
        "levels": list,
        "classes": list,
        "num_classes": int,
        "empty": list,
    },
    "candidate": {"candidate": int, "fold": int, "folds": int},
    "compared": {"candidate": int, "status": str},
    "waiting": {"before": int},
    "done": {},
    "died": {},
    "error": {},
}
MAYBE: dict[str, Field] = {
    "reason": str,
    "metrics": dict,
    "details": dict,
    "warnings": list,
    "algorithms": list,
    "columns": dict,
    "num_rows": int,
    "num_skipped": int,
    "num_test_rows": int,
    "train_metrics": dict,
    "fold_metrics": list,
    "score": (int, float),
    "deviation": (int, float),
    "seconds": (int, float),
}

_connection: socket.socket | None = None  # the session's connection between two requests


class TimeLimitError(MadpyError):
    """The worker was ended because a request took too long."""


def ask(
    db: Database,
    request: dict[str, Any],
    arrays: Sequence[Any] = (),
    files: Sequence[int] = (),
    until: float = math.inf,
) -> Generator[Message]:
    """Send a request and yield its events up to the last, "done".

    Raises MadpyError for an error of the fit, or of the worker, and the interrupt that came meanwhile; and
    TimeLimitError at a point in time of time.monotonic().  What is sent of `files` is read-only.
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
    connection: socket.socket | None = None
    is_complete = False
    try:
        with _read_only(files) as opened:
            connection, message = _request(db, Message(content, arrays, opened), until)
        while True:
            event = _event(message.content)
            if event in ("error", "died"):
                raise _error(message.content, settings) if event == "error" else _died(message.content)
            if event == "waiting":
                db.progress(f"waiting for a worker, fits before this one: {message.content['before']}")
            else:
                is_complete = event == "done"
                if is_complete:
                    _keep(connection)
                yield message
                if is_complete:
                    return
            message = _receive(db, connection, until)
    except TimeoutError:
        raise TimeLimitError("the time limit was reached", sqlstate="53400") from None
    except TooLargeError as error:
        raise MadpyError(
            "the values of categories are too long for the worker",
            sqlstate="54000",
            hint="group them first, or leave out the longest",
            detail=f"they come to {error}",
        ) from None
    except (Closed, ProtocolError) as error:
        raise MadpyError(
            "the worker was lost",
            sqlstate=parent.FAILED,
            hint="run it again: the next call starts another one",
            detail=str(error) or None,
        ) from None
    finally:
        if connection is not None and not is_complete:
            connection.close()


def _event(content: dict[str, Any]) -> str:
    """Return the event of an answer; raise ProtocolError if the answer does not say what it has to."""
    event = content.get("event")
    if not isinstance(event, str) or event not in EVENTS:
        raise ProtocolError("an answer is of no known event")
    if not all(isinstance(content.get(name), kind) for name, kind in EVENTS[event].items()):
        raise ProtocolError(f'an answer of event "{event}" is not complete')
    given = {name: content[name] for name in MAYBE if content.get(name) is not None}
    if not all(isinstance(value, MAYBE[name]) for name, value in given.items()):
        raise ProtocolError(f'an answer of event "{event}" has values of other types')
    return event


@contextlib.contextmanager
def _read_only(files: Sequence[int]) -> Iterator[list[int]]:
    """Open files again, to read them only: a worker can neither write into them nor make them shorter."""
    opened: list[int] = []
    try:
        for descriptor in files:
            opened.append(os.open(f"/proc/self/fd/{descriptor}", os.O_RDONLY | os.O_CLOEXEC))
        yield opened
    finally:
        for descriptor in opened:
            os.close(descriptor)


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


def _request(db: Database, message: Message, until: float) -> tuple[socket.socket, Message]:
    """Send a request; return the connection and the first event.

    The session's worker may be ending, being idle: then the request goes to a new one.
    """
    global _connection
    before, _connection = _connection, None
    if before is not None:
        with contextlib.suppress(Closed):
            if not _is_over(before):
                return before, _exchange(db, before, message, until)
        before.close()
    connection = parent.connect(db)
    return connection, _exchange(db, connection, message, until)


def _is_over(connection: socket.socket) -> bool:
    """Tell whether the other side of a connection over which nothing was asked has closed it."""
    poll = select.poll()
    poll.register(connection, select.POLLIN)
    return bool(poll.poll(0))


def _exchange(db: Database, connection: socket.socket, message: Message, until: float) -> Message:
    """Send a request and return the first event; close the connection if that fails."""
    try:
        send(connection, message, lambda event: parent.wait(db, connection.fileno(), event))
        return _receive(db, connection, until)
    except BaseException:
        connection.close()
        raise


def _receive(db: Database, connection: socket.socket, until: float) -> Message:
    return receive(connection, lambda event: parent.wait(db, connection.fileno(), event, until))


def _keep(connection: socket.socket) -> None:
    """Keep a connection for the next request; another one may have been kept by a call within this one."""
    global _connection
    if _connection is not None:
        _connection.close()
    _connection = connection


def _error(content: dict[str, Any], settings: dict[str, Any]) -> MadpyError:
    """Return the error that a worker has told of."""
    sqlstate = str(content.get("sqlstate"))
    if sqlstate == OUT_OF_MEMORY:
        return _out_of_memory(settings)
    return failure_of(content)


def failure_of(content: dict[str, Any]) -> MadpyError:
    """Return the error of a fit that a worker has told of."""
    sqlstate = str(content.get("sqlstate"))
    return MadpyError(
        _text(content, "message") or "the fit failed",
        sqlstate=sqlstate if SQLSTATE.fullmatch(sqlstate) else parent.FAILED,
        hint=_text(content, "hint"),
        detail=_text(content, "detail"),
    )


def _out_of_memory(settings: dict[str, Any]) -> MadpyError:
    return MadpyError(
        f"the fit needs more memory than the {settings['worker_memory'] // 1024} MB of madpy.worker_memory",
        sqlstate=OUT_OF_MEMORY,
        hint="train on fewer rows, or ask a superuser to raise madpy.worker_memory",
    )


def _died(content: dict[str, Any]) -> MadpyError:
    """Return the error for a worker that has ended in the middle of a fit."""
    name, output = _text(content, "name"), _text(content, "output")
    if name == "SIGKILL":
        return MadpyError(
            "the fit was killed, probably because the machine ran out of memory",
            sqlstate=OUT_OF_MEMORY,
            hint="train on fewer rows, or ask a superuser to lower madpy.worker_memory",
        )
    return MadpyError(
        f"the fit crashed: {name or 'exit code {}'.format(content.get('code'))}",
        sqlstate=parent.FAILED,
        detail=output,
        hint="choose other hyperparameters or another algorithm: nothing else was affected",
    )


def _text(content: dict[str, Any], name: str) -> str | None:
    """Return a text of a worker's as the server can show it, None if it is empty."""
    text = str(content.get(name) or "")[:MOST_TEXT]
    return text.encode(errors="replace").decode().replace("\0", "") or None
