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
        threading.Thread(target=self._accept, daemon=True).start()

    def reset(self) -> None:
        self.sent = self.received = self.asked = self.largest = self._answer = 0

    def close(self) -> None:
        self._listener.close()
        self._folder.cleanup()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:  # closed
                return
            server = socket.socket(socket.AF_UNIX)
            server.connect(self.target)
            threading.Thread(target=self._pass_on, args=(client, server, self._ask), daemon=True).start()
            threading.Thread(target=self._pass_on, args=(server, client, self._get), daemon=True).start()

    def _pass_on(self, source: socket.socket, target: socket.socket, count: Callable[[bytes], None]) -> None:
        with contextlib.suppress(OSError):  # either side has gone
            while data := source.recv(CHUNK):
                count(data)
                target.sendall(data)
        target.close()

    def _ask(self, data: bytes) -> None:
        self.sent += len(data)
        if CURSOR in data:
            self.asked += 1
            self._answer = 0

    def _get(self, data: bytes) -> None:
        self.received += len(data)
        self._answer += len(data)
        self.largest = max(self.largest, self._answer)
