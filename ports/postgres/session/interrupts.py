"""A cancel, a timeout or the order to end, while Python runs: seen as soon as the server's own code sees it.

The server's signal handlers only set a flag, and its code looks at the flag in its loops.  Python's code,
numpy's included, never does.  So a timer counts the processor time that the session uses; its signal is one
that the server has no use for, and Python's own handler of it runs a statement between two instructions: a
statement looks at the flag.  No loop of a driver or a core has to know.

Two things are left alone: a module that is being imported, since numpy cannot be imported again after half of
it, and one call of C code, numpy's too, which ends before Python comes to its handler.
"""

import signal
from types import FrameType, TracebackType
from typing import Any

from madpy.errors import MadpyError
from madpy.ports.postgres.session.db import Database

EVERY = 0.05  # seconds of processor time
IMPORT = "<frozen importlib"  # how the names of the files of Python's import begin


class Watch:
    """A context in which Python notices interrupts; it raises the SqlError of one that came."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._ended = False
        self._found: MadpyError | None = None
        self._before: Any = None  # of the run that this one is called from: its handler, its timer
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
        # by default this signal would end the process, and one may be on its way
        handler = signal.SIG_IGN if self._before in (None, signal.SIG_DFL) else self._before
        signal.signal(signal.SIGVTALRM, handler)
        signal.siginterrupt(signal.SIGVTALRM, False)
        if self._found is not None and error is not self._found:
            raise self._found

    def _look(self, number: int, frame: FrameType | None) -> None:
        """Raise the interrupt's error, again at each signal, so that no `except` on the way swallows it."""
        if self._ended or _is_importing(frame):
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
