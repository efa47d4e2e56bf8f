"""A worker as its parent sees it: a process, and what the two of them say to each other."""

import contextlib
import os
import signal
import socket
import time
from dataclasses import dataclass

from madpy.worker import memory

# Over the control socket: a worker wants a turn (and how many may run at once), gets it, gives it back.
WANT, GO, DONE = b"w", b"g", b"d"
MOST_OUTPUT = 2000  # bytes of standard error that a session is shown


class InvalidMessage(Exception):  # noqa: N818  (what a worker has said)
    """A worker said what no worker says."""


@dataclass(eq=False)
class Worker:
    """A forked process, and the connection of the session that it works for."""

    pid: int
    connection: socket.socket
    control: socket.socket  # asks for its turn, and gets it; does not block
    output: int  # memory file of standard error
    runs: bool = False  # a fit
    wants: int = 0  # a turn, where so many fits may run at once
    is_lost: bool = False  # the worker closed its control socket and lives, or sent an invalid message

    def heard(self) -> bytes | None:
        """Return what the worker says over the control socket, None at its end; raise InvalidMessage."""
        try:
            said = self.control.recv(64)
        except BlockingIOError:
            return b""
        except OSError:
            said = b""
        if said.startswith(WANT) and said[1:].isdigit() and not self.runs:
            self.wants = int(said[1:])
        elif said not in (DONE, b""):
            raise InvalidMessage
        return said[:1] or None

    def tell(self, what: bytes) -> None:
        """Say something to the worker; one that does not listen any more is killed."""
        try:
            self.control.send(what)
        except BlockingIOError:
            self.kill()
        except OSError:  # the worker is ending
            pass

    def kill(self) -> None:
        """Kill the process and its group; it has not been waited for, so the number is still its own."""
        for kill in (os.killpg, os.kill):
            with contextlib.suppress(ProcessLookupError, PermissionError):
                kill(self.pid, signal.SIGKILL)

    def is_ending(self) -> bool:
        """Tell whether a process that has closed its control socket ends: it closes all, and has ended."""
        for _ in range(20):
            if os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT):
                return True
            time.sleep(0.005)
        return False

    def event_of_end(self, status: int) -> dict[str, object] | None:
        """Return the event for the session that waits for a fit; None if the worker had nothing to do.

        A session whose worker has ended without one asks another.
        """
        if not self.runs or self.is_lost:
            return None
        output = self._written()
        if memory.is_said_in(output):
            return {"event": "error", "sqlstate": memory.OUT_OF_MEMORY}
        event = {"event": "died", "output": output}
        if os.WIFSIGNALED(status):
            return {**event, "name": signal.Signals(os.WTERMSIG(status)).name}
        return {**event, "code": os.WEXITSTATUS(status)}

    def _written(self) -> str:
        """Return the end of what the worker wrote to standard error."""
        size = os.fstat(self.output).st_size
        written = os.pread(self.output, MOST_OUTPUT, max(0, size - MOST_OUTPUT))
        return written.decode(errors="replace").strip()

    def close(self) -> None:
        """Close the parent's side of everything."""
        self.connection.close()
        self.control.close()
        os.close(self.output)
