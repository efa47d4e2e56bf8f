"""The database server, as the parent of the workers watches it: they end with it, whatever ends it."""

import os
from pathlib import Path

LOOK_EVERY = 1.0  # seconds, where the kernel does not tell


class Server:
    """The process of the server; `descriptor` is readable at its end, None where there is no such thing.

    A kernel before 5.3, and some containers, have no pidfd: then the process is looked for every second.
    """

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._started = _start_time(pid)
        self.descriptor: int | None
        try:
            self.descriptor = os.pidfd_open(pid)
        except ProcessLookupError:
            raise
        except (OSError, AttributeError):
            self.descriptor = None

    def look_every(self, seconds: float) -> float:
        """Return how long a wait may last, at most `seconds`."""
        return seconds if self.descriptor is not None else min(seconds, LOOK_EVERY)

    def has_ended(self) -> bool:
        return _start_time(self._pid) != self._started

    def close(self) -> None:
        if self.descriptor is not None:
            os.close(self.descriptor)


def _start_time(pid: int) -> str | None:
    """Return when a process started, None if it has ended: a number of its may be another's later."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    state, *rest = text.rpartition(")")[2].split()
    return None if state in "ZX" else rest[18]
