"""The parent of the workers of one server: it has imported what fits need, and forks a worker per session.

It runs no fit itself, starts no thread, and ends with the server, or when no session has needed it for a
while.  A worker whose session goes away is killed at once, in whatever it is: that is how a fit is cancelled.
"""

import os
import select
import signal
import socket
import struct
import sys
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from madpy.worker import protocol

IDLE_SECONDS = 600
CREDENTIALS = struct.Struct("3i")
GO, WANT, DONE = b"g", b"w", b"d"


def main(postmaster: int, listener: int) -> None:
    """Become a daemon, import the libraries, and serve sessions that connect to the listening socket."""
    if os.fork():
        os._exit(0)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    server = os.pidfd_open(postmaster)
    from madpy.worker import serve  # imports scikit-learn: before any fork, so that its memory is shared

    silence = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(silence, stream)
    Parent(socket.socket(fileno=listener), server, serve.run).loop()


@dataclass(eq=False)
class Worker:
    """A forked process, and the connection of the session that it works for."""

    pid: int
    handle: int  # pidfd: readable when the process has ended
    connection: socket.socket
    control: socket.socket  # asks for its turn, and gets it
    output: int  # what it wrote to standard error
    runs: bool = False  # a fit
    wants: int = 0  # a turn, where so many fits may run at once
    files: list[int] = field(default_factory=list)


class Parent:
    """The loop that accepts sessions, forks workers, gives them turns and watches over them."""

    def __init__(self, listener: socket.socket, server: int, run: "object") -> None:
        self._listener = listener
        self._server = server
        self._run = run
        self._workers: dict[int, Worker] = {}  # by descriptor: each of the three that are watched
        self._waiting: list[Worker] = []
        self._poll = select.epoll()
        self._used = time.monotonic()

    def loop(self) -> None:
        """Serve until the server ends, or nobody has come for IDLE_SECONDS."""
        self._listener.setblocking(False)
        self._poll.register(self._listener, select.EPOLLIN)
        self._poll.register(self._server, select.EPOLLIN)
        while True:
            for descriptor, _ in self._poll.poll(IDLE_SECONDS):
                if descriptor == self._server:
                    self._end()
                elif descriptor == self._listener.fileno():
                    self._accept()
                elif worker := self._workers.get(descriptor):
                    self._attend(worker, descriptor)
            if not self._workers and time.monotonic() - self._used > IDLE_SECONDS:
                self._end()

    def _end(self) -> None:
        for worker in set(self._workers.values()):
            _kill(worker)
        with suppress(OSError):
            Path(self._listener.getsockname()).unlink()
        os._exit(0)

    def _accept(self) -> None:
        try:
            connection, _ = self._listener.accept()
        except OSError:
            return
        credentials = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, CREDENTIALS.size)
        if CREDENTIALS.unpack(credentials)[1] != os.geteuid():
            connection.close()
            return
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        output = os.memfd_create("madpy worker")
        parent = os.getpid()
        pid = os.fork()
        if pid == 0:
            self._become_worker(parent, connection, theirs, output)
        theirs.close()
        worker = Worker(pid, os.pidfd_open(pid), connection, ours, output)
        ours.setblocking(False)
        self._poll.register(worker.handle, select.EPOLLIN)
        self._poll.register(ours, select.EPOLLIN)
        self._poll.register(connection, 0)  # the end of the session: no mask asks for less
        self._workers |= dict.fromkeys((worker.handle, ours.fileno(), connection.fileno()), worker)
        self._used = time.monotonic()

    def _become_worker(
        self, parent: int, connection: socket.socket, control: socket.socket, output: int
    ) -> None:
        """Run a session's requests in the process that was forked for it, and end."""
        code = 1
        try:
            os.setsid()
            for worker in set(self._workers.values()):
                _close(worker)
            self._poll.close()
            self._listener.close()
            os.close(self._server)
            os.dup2(output, 2)
            os.close(output)
            self._run(parent, connection, control)  # type: ignore[operator]
            code = 0
        finally:
            with suppress(Exception):
                sys.stderr.flush()
            os._exit(code)

    def _attend(self, worker: Worker, descriptor: int) -> None:
        """Deal with an event: the process has ended, its session has, or it asks for its turn."""
        if descriptor == worker.handle:
            self._bury(worker)
        elif descriptor == worker.connection.fileno():
            _kill(worker)
            self._poll.unregister(worker.connection)
        else:
            self._answer(worker)

    def _answer(self, worker: Worker) -> None:
        try:
            asked = worker.control.recv(64)
        except OSError:
            asked = b""
        if asked.startswith(WANT):
            worker.wants = int(asked[1:])
            self._waiting.append(worker)
        elif asked == DONE:
            worker.runs = False
        else:  # its end is closed: the process is ending
            with suppress(OSError):
                self._poll.unregister(worker.control)
        self._give_turns()

    def _give_turns(self) -> None:
        """Let those who wait run in the order in which they came; tell the others their place."""
        running = sum(worker.runs for worker in set(self._workers.values()))
        while self._waiting and running < self._waiting[0].wants:
            worker = self._waiting.pop(0)
            worker.runs = True
            running += 1
            _tell(worker, GO)
        for before, worker in enumerate(self._waiting):
            _tell(worker, str(running + before).encode())

    def _bury(self, worker: Worker) -> None:
        """Clean up after a process that has ended; tell the session that still waits for it why."""
        _, status = os.waitpid(worker.pid, 0)
        _kill(worker)  # what it has started, if it is still there
        if os.WIFSIGNALED(status):
            with suppress(OSError, protocol.Closed):
                worker.connection.setblocking(False)
                protocol.send(worker.connection, protocol.Message(_obituary(worker, os.WTERMSIG(status))))
        for descriptor in [key for key, value in self._workers.items() if value is worker]:
            del self._workers[descriptor]
        if worker in self._waiting:
            self._waiting.remove(worker)
        _close(worker)
        self._used = time.monotonic()
        self._give_turns()


def _obituary(worker: Worker, number: int) -> dict[str, object]:
    size = os.fstat(worker.output).st_size
    output = os.pread(worker.output, 2000, max(0, size - 2000)).decode(errors="replace").strip()
    return {"event": "died", "signal": number, "name": signal.Signals(number).name, "output": output}


def _tell(worker: Worker, what: bytes) -> None:
    with suppress(OSError):  # it is ending
        worker.control.send(what)


def _kill(worker: Worker) -> None:
    """Kill a worker and whatever it has started."""
    for kill in (os.killpg, os.kill):
        with suppress(ProcessLookupError, PermissionError):
            kill(worker.pid, signal.SIGKILL)


def _close(worker: Worker) -> None:
    worker.connection.close()
    worker.control.close()
    os.close(worker.handle)
    os.close(worker.output)
