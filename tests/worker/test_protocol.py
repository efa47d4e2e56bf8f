"""Messages come back as they were sent; bytes that are no message are an error, whatever they are."""

import os
import random
import socket
from contextlib import suppress
from threading import Thread

import numpy as np
import pytest

from madpy.worker.protocol import HEAD, MAGIC, Closed, Message, ProtocolError, TooLargeError, receive, send


@pytest.fixture
def pair():
    ours, theirs = socket.socketpair()
    theirs.settimeout(5)
    with ours, theirs:
        yield ours, theirs


def sent(message):
    """The bytes of a message."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        send(ours, message)
        ours.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: theirs.recv(65536), b""))


def received(data):
    ours, theirs = socket.socketpair()
    with theirs:
        with ours:
            ours.sendall(data)
        return receive(theirs)


ARRAYS = [np.arange(6.0).reshape(2, 3), np.array([1, -1], "<i4"), np.array([], "<i8"), np.array([255], "u1")]
MESSAGE = Message({"event": "model", "text": "ä\0"}, ARRAYS)


def test_a_message_comes_back(pair):
    ours, theirs = pair
    send(ours, MESSAGE)
    found = receive(theirs)
    assert found.content == MESSAGE.content
    for one, expected in zip(found.arrays, ARRAYS, strict=True):
        assert one.dtype == expected.dtype and one.shape == expected.shape
        assert one.data == expected.tobytes()


def test_descriptors_travel(pair):
    ours, theirs = pair
    with open(os.devnull) as file:
        send(ours, Message({}, files=[file.fileno()]))
        (found,) = receive(theirs, most_files=1).files
        assert os.fstat(found).st_rdev == os.fstat(file.fileno()).st_rdev
        os.close(found)


def test_a_large_message_without_blocking(pair):
    """`wait` is asked before each step, and may end it."""
    ours, theirs = pair
    ours.setblocking(False)
    waits = []
    message = Message({}, [np.arange(1e6)])
    thread = Thread(target=lambda: send(ours, message, waits.append))
    thread.start()
    assert receive(theirs).arrays[0].data == message.arrays[0].tobytes()
    thread.join()
    assert waits


@pytest.mark.parametrize("size", range(0, len(sent(MESSAGE)), 7))
def test_a_message_that_is_cut(size):
    with pytest.raises(Closed):
        received(sent(MESSAGE)[:size])


def test_an_altered_message():
    """Every message is read, or is an error of the protocol; a byte of an array may be any."""
    rng = random.Random(1)
    whole = sent(MESSAGE)
    for _ in range(2000):
        data = bytearray(whole)
        data[rng.randrange(len(data))] = rng.randrange(256)
        with suppress(ProtocolError, Closed):
            received(bytes(data))


@pytest.mark.parametrize(
    "data",
    [
        HEAD.pack(b"MPW0", 2, 0) + b"{}",
        HEAD.pack(MAGIC, 2**31, 0),
        HEAD.pack(MAGIC, 2, 2**50) + b"{}",
        HEAD.pack(MAGIC, 2, 0) + b"[]",
        HEAD.pack(MAGIC, 2, 0) + b"{}",
        HEAD.pack(MAGIC, 13, 0) + b'{"arrays": 3}',
        HEAD.pack(MAGIC, 200_000, 0) + b"[" * 200_000,
        HEAD.pack(MAGIC, 46, 8) + b'{"arrays": [{"dtype": "|O8", "shape": [1]}]}  ' + bytes(8),
        HEAD.pack(MAGIC, 46, 8) + b'{"arrays": [{"dtype": "<f8", "shape": [2]}]}  ' + bytes(8),
        HEAD.pack(MAGIC, 46, 8) + b'{"arrays": [{"dtype": "<f8", "shape":[-1]}]}  ' + bytes(8),
        HEAD.pack(MAGIC, 46, 8) + b'{"arrays": [{"dtype": "<i4", "shape": [1]}]}  ' + bytes(8),
        HEAD.pack(MAGIC, 14, 8) + b'{"arrays": []}' + bytes(8),
    ],
)
def test_no_message(data):
    with pytest.raises(ProtocolError):
        received(data)


def test_a_message_that_is_too_large(pair, monkeypatch):
    monkeypatch.setattr("madpy.worker.protocol.MOST_BYTES", 100)
    with pytest.raises(TooLargeError, match="800 of numbers"):
        send(pair[0], Message({}, [np.zeros(100)]))
