"""Cancels, timeouts and terminations while Python runs: they take effect as soon as in the server's code.

The server's signal handlers only set a flag, and its code checks the flag in its loops.  Python code, numpy
included, never checks it.  So a timer of processor time sends a signal that the server does not use; Python's
handler of this signal, called between two instructions, runs a statement, which checks the flag.  The loops
of drivers and cores need no checks.

There are three exceptions: an import is never interrupted, since numpy cannot be imported again after half of
it; a call of C code, such as numpy's, ends before Python calls the handler; and while a statement of the run
itself is executed, the server checks its flag.  That statement may call another function in Python, whose
result PL/Python converts after the function's own watch has ended.  Python calls this run's handler then,
and a statement would free the memory of the one that is executed.
"""

import signal
from types import FrameType, TracebackType
from typing import Any

from madpy.errors import MadpyError
from madpy.ports.postgres.session.db import Database

EVERY = 0.05  # seconds of processor time
IMPORT = "<frozen importlib"  # prefix of the file names of Python's import


class Watch:
    """A context in which Python notices interrupts; it raises the SqlError of one that came."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._ended = False
        self._found: MadpyError | None = None
        self._before: Any = None  # handler and timer of a run that called this one
        self._timer = (0.0, 0.0)

    def __enter__(self) -> "Watch":
        self._before = signal.signal(signal.SIGVTALRM, self._look)
        signal.siginterrupt(signal.SIGVTALRM, False)  # system calls of the server go on
        self._timer = signal.setitimer(signal.ITIMER_VIRTUAL, EVERY, EVERY)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended = True
        signal.setitimer(signal.ITIMER_VIRTUAL, *self._timer)
        # the default action would end the process, and a signal may be pending
        handler = signal.SIG_IGN if self._before in (None, signal.SIG_DFL) else self._before
        signal.signal(signal.SIGVTALRM, handler)
        signal.siginterrupt(signal.SIGVTALRM, False)
        if self._found is not None and error is not self._found:
            raise self._found

    def _look(self, number: int, frame: FrameType | None) -> None:
        """Raise the interrupt's error, again at each signal, so that no `except` on the way swallows it."""
        if self._ended or self._db.is_executing or _is_importing(frame):
            return
        if self._found is None:
            try:
                self._db.execute("SELECT")
            except MadpyError as error:
                self._found = error
        if self._found is not None:
            raise self._found


def _is_importing(frame: FrameType | None) -> bool:
    while frame is not None:
        if frame.f_code.co_filename.startswith(IMPORT):
            return True
        frame = frame.f_back
    return False
