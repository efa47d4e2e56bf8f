"""The relay of the benchmark of shards: what it counts is what was sent."""

import socket
import threading
from contextlib import closing
from pathlib import Path

from benchmarks.relay import Relay


def test_bytes_are_counted_both_ways_and_answers_by_cursor(tmp_path: Path) -> None:
    target = str(tmp_path / ".s.PGSQL.5432")
    with closing(socket.socket(socket.AF_UNIX)) as server:
        server.bind(target)
        server.listen()
        answering = threading.Thread(target=answer, args=(server,), daemon=True)
        answering.start()
        with closing(Relay(str(tmp_path))) as relay, closing(socket.socket(socket.AF_UNIX)) as client:
            client.connect(f"{relay.host}/.s.PGSQL.5432")
            for question, size in (
                (b"DECLARE c1 CURSOR", 300),
                (b"DECLARE c2 CURSOR", 500),
                (b"CLOSE c2", 7),
            ):
                client.sendall(question.ljust(20) + size.to_bytes(4, "big"))
                assert len(receive(client, size)) == size
            assert (relay.sent, relay.received, relay.asked, relay.largest) == (72, 807, 2, 507)
        answering.join()


def answer(server: socket.socket) -> None:
    """As many bytes as the last four of a question say."""
    connection, _ = server.accept()
    with connection:
        while question := receive(connection, 24):
            connection.sendall(b"x" * int.from_bytes(question[20:], "big"))


def receive(connection: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size and (part := connection.recv(size - len(data))):
        data += part
    return data
