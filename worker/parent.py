"""The parent's loop: it accepts sessions, forks a worker for each, gives turns, and cleans up after them."""

import contextlib
import os
import select
import signal
import socket
import struct
import sys
import time
from collections.abc import Callable
from pathlib import Path

from madpy.worker import limits, protocol
from madpy.worker.process import GO, WANT, InvalidMessage, Worker
from madpy.worker.server import Server

IDLE_SECONDS = 600
CREDENTIALS = struct.Struct("3i")
Run = Callable[[int, socket.socket, socket.socket], None]


class Parent:
    """One process for all sessions of a server; `run` is what a worker does."""

    def __init__(self, listener: socket.socket, server: Server, run: Run) -> None:
        self._listener = listener
        self._inode = Path(listener.getsockname()).stat().st_ino
        self._server = server
        self._run = run
        self._workers: dict[int, Worker] = {}  # keys are process numbers
        self._watched: dict[
            int, Worker
        ] = {}  # keys are descriptors: of the session and of the control socket
        self._waiting: list[Worker] = []
        self._poll = select.epoll()
        self._used = time.monotonic()
        self._retired = False  # no session can come any more
        self._children, self._wakeup = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)

    def loop(self) -> None:
        """Serve until the server ends, or nobody has come for IDLE_SECONDS."""
        self._listener.setblocking(False)
        signal.signal(signal.SIGTERM, lambda *_: self._end())
        signal.signal(signal.SIGCHLD, lambda *_: None)  # the signal's number comes by the pipe
        signal.set_wakeup_fd(self._wakeup, warn_on_full_buffer=False)
        self._poll.register(self._listener, select.EPOLLIN)
        self._poll.register(self._children, select.EPOLLIN)
        if self._server.descriptor is not None:
            self._poll.register(self._server.descriptor, select.EPOLLIN)
        while True:
            ready = {descriptor for descriptor, _ in self._poll.poll(self._server.look_every(IDLE_SECONDS))}
            if self._server.has_ended():
                self._end()
            for descriptor in ready & self._watched.keys():
                if worker := self._watched.get(descriptor):
                    self._attend(worker, descriptor)
            if self._children in ready:
                self._reap_all()
            # last: a new worker may get the number of a descriptor that has just been closed
            if self._listener.fileno() in ready:
                self._accept()
            if not self._workers and (self._retired or time.monotonic() - self._used > IDLE_SECONDS):
                self._retire()

    def _end(self) -> None:
        """Kill all workers and end."""
        for worker in self._workers.values():
            worker.kill()
        if not self._retired:
            self._unlink()
        os._exit(0)

    def _retire(self) -> None:
        """End, unless a session has connected just before the socket's name was gone: it is served still."""
        if not self._retired:
            self._unlink()
            self._retired = True
            self._accept()
        if not self._workers:
            os._exit(0)

    def _unlink(self) -> None:
        path = Path(self._listener.getsockname())
        with contextlib.suppress(OSError):
            if path.stat().st_ino == self._inode:
                path.unlink()

    def _accept(self) -> None:
        """Take a session and fork its worker."""
        try:
            connection, _ = self._listener.accept()
        except BlockingIOError:
            return
        except OSError:  # too many descriptors: a session that ends frees some
            time.sleep(0.1)
            return
        credentials = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, CREDENTIALS.size)
        if CREDENTIALS.unpack(credentials)[1] != os.geteuid():
            connection.close()
            return
        self._used = time.monotonic()
        try:
            self._fork(connection)
        except OSError as error:
            _refuse(connection, error)

    def _fork(self, connection: socket.socket) -> None:
        with contextlib.ExitStack() as undo:
            ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            undo.callback(ours.close)
            undo.callback(theirs.close)
            output = os.memfd_create("madpy worker")
            undo.callback(os.close, output)
            parent = os.getpid()
            pid = os.fork()
            if pid == 0:
                ours.close()
                self._become_worker(parent, connection, theirs, output)
            undo.pop_all()
        theirs.close()
        ours.setblocking(False)
        worker = self._workers[pid] = Worker(pid, connection, ours, output)
        self._watched |= {ours.fileno(): worker, connection.fileno(): worker}
        self._poll.register(ours, select.EPOLLIN)
        self._poll.register(connection, 0)  # the end of the session: no mask asks for less

    def _become_worker(
        self, parent: int, connection: socket.socket, control: socket.socket, output: int
    ) -> None:
        """Run a session's requests in the process that was forked for it, and end."""
        code = 1
        try:
            signal.set_wakeup_fd(-1)
            for number in (signal.SIGTERM, signal.SIGCHLD):
                signal.signal(number, signal.SIG_DFL)
            limits.end_with_parent(parent)
            os.setsid()
            os.chdir("/")
            for worker in self._workers.values():
                worker.close()
            self._poll.close()
            self._listener.close()
            self._server.close()
            os.close(self._children)
            os.close(self._wakeup)
            os.dup2(output, 2)
            os.close(output)
            self._run(parent, connection, control)
            code = 0
        finally:
            with contextlib.suppress(Exception):
                if code:
                    sys.excepthook(*sys.exc_info())
                sys.stderr.flush()
            os._exit(code)

    def _attend(self, worker: Worker, descriptor: int) -> None:
        """Deal with an event: the session has ended, or the worker asks for its turn or gives it back."""
        if descriptor == worker.connection.fileno():
            worker.kill()
            self._forget(descriptor)
            return
        try:
            said = worker.heard()
        except InvalidMessage:
            said = None
        if said is None:
            worker.is_lost = not worker.is_ending()
            worker.kill()
            self._forget(descriptor)
            return
        if said == WANT:
            self._waiting.append(worker)
        elif said:
            worker.runs = False
        self._give_turns()

    def _forget(self, descriptor: int) -> None:
        if self._watched.pop(descriptor, None):
            self._poll.unregister(descriptor)

    def _give_turns(self) -> None:
        """Let those who wait run, in the order in which they came; tell the others their place.

        Each runs as soon as fewer fits run than its own session allows: the setting may differ by role.
        """
        running = sum(worker.runs for worker in self._workers.values())
        for worker in list(self._waiting):
            if running < worker.wants:
                self._waiting.remove(worker)
                worker.runs = True
                running += 1
                worker.tell(GO)
        for before, worker in enumerate(self._waiting):
            worker.tell(str(running + before).encode())

    def _reap_all(self) -> None:
        with contextlib.suppress(BlockingIOError):
            while os.read(self._children, 512):
                pass
        with contextlib.suppress(ChildProcessError):
            while ended := os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT):
                self._reap(ended.si_pid)

    def _reap(self, pid: int) -> None:
        """Clean up after a process that has ended; tell the session that still waits for it why."""
        worker = self._workers.pop(pid, None)
        if worker is None:
            os.waitpid(pid, 0)
            return
        worker.kill()  # processes that it has started, too
        _, status = os.waitpid(pid, 0)
        if event := worker.event_of_end(status):
            _send(worker.connection, event)
        for watched in (worker.connection.fileno(), worker.control.fileno()):
            self._forget(watched)
        if worker in self._waiting:
            self._waiting.remove(worker)
        worker.close()
        self._used = time.monotonic()
        self._give_turns()


def _refuse(connection: socket.socket, error: OSError) -> None:
    """Tell a session that no process could be started for it."""
    text = f"no process could be started for the fit: {error.strerror}"
    hint = "run it again when the machine has less to do"
    _send(connection, {"event": "error", "sqlstate": "53000", "message": text, "hint": hint})
    connection.close()


def _send(connection: socket.socket, event: dict[str, object]) -> None:
    with contextlib.suppress(OSError, protocol.Closed):
        connection.setblocking(False)
        protocol.send(connection, protocol.Message(event))
