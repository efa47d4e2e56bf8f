"""Count what travels to and from a server: a socket that passes everything on."""

import contextlib
import socket
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path

PORT = 5432
CHUNK = 1 << 16
CURSOR = b"DECLARE c"


class Relay:
    """A server's socket under another folder's name, for postgres_fdw as the client.

    `sent` and `received` are bytes, seen from there; `asked` is how many cursors were opened, `largest` the
    most that came for one of them.
    """

    def __init__(self, host: str) -> None:
        self.target = str(Path(host, f".s.PGSQL.{PORT}"))
        self.reset()
        self._folder = tempfile.TemporaryDirectory(prefix="madpy-", dir="/tmp")
        self.host = self._folder.name
        Path(self.host).chmod(0o755)  # the server that asks runs under its own account
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(Path(self.host, f".s.PGSQL.{PORT}")))
        Path(self.host, f".s.PGSQL.{PORT}").chmod(0o777)
        self._listener.listen()
        self._accepting = threading.Thread(target=self._accept)
        self._accepting.start()

    def reset(self) -> None:
        self.sent = self.received = self.asked = self.largest = self._answer = 0

    def close(self) -> None:
        end(self._listener)
        self._accepting.join()
        self._listener.close()
        self._folder.cleanup()

    def _accept(self) -> None:
        with contextlib.ExitStack() as served:
            while True:
                try:
                    client, _ = self._listener.accept()
                except OSError:  # ended
                    return
                serving = threading.Thread(target=self._serve, args=(client,))
                serving.start()
                served.callback(serving.join)
                served.callback(end, client)

    def _serve(self, client: socket.socket) -> None:
        with client, socket.socket(socket.AF_UNIX) as server:
            server.connect(self.target)
            back = threading.Thread(target=pass_on, args=(server, client, self._get))
            back.start()
            pass_on(client, server, self._ask)
            back.join()

    def _ask(self, data: bytes) -> None:
        self.sent += len(data)
        if CURSOR in data:
            self.asked += 1
            self._answer = 0

    def _get(self, data: bytes) -> None:
        self.received += len(data)
        self._answer += len(data)
        self.largest = max(self.largest, self._answer)


def pass_on(source: socket.socket, target: socket.socket, count: Callable[[bytes], None]) -> None:
    with contextlib.suppress(OSError):  # either side has gone
        while data := source.recv(CHUNK):
            count(data)
            target.sendall(data)
    end(target)


def end(connection: socket.socket) -> None:
    """Wake who waits for it: a thread that is in recv or accept does not see a close."""
    with contextlib.suppress(OSError):  # it has ended
        connection.shutdown(socket.SHUT_RDWR)
