"""Answers of a broken or hostile worker: errors of the call, never a hang or an allocation of their size."""

import json
import resource
import socket
import threading
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from madpy.errors import MadpyError
from madpy.ports.postgres import worker
from madpy.worker.protocol import (
    HEAD,
    MAGIC,
    MOST_BYTES,
    MOST_JSON,
    Closed,
    ProtocolError,
    receive,
)

KNOWN = {"worker_memory": 1, "worker_threads": 1, "worker_fits": 1, "worker_idle": 1, "gpu_memory": 1}
KNOWN |= {"device": "auto"}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=8,
)
ARRAYS = st.lists(
    st.fixed_dictionaries(
        {},
        optional={
            "dtype": st.sampled_from(["<f8", "<i4", "|u1", "O", "<M8[s]"]) | JSON,
            "shape": st.lists(st.integers(-2, 2**65), max_size=3) | JSON,
        },
    ),
    max_size=3,
)
NAMES = (
    "event", "group", "groups", "num_rows", "num_skipped", "before", "message", "sqlstate", "hint", "detail",
    "name", "output", "reason", "metrics", "details", "warnings", "algorithms",
    "candidate", "fold", "folds", "status", "score", "deviation", "seconds", "columns", "train_metrics",
    "fold_metrics", "levels", "classes", "num_classes", "num_usable", "num_test_rows",
)  # fmt: skip
EVENTS = st.fixed_dictionaries(
    {"event": st.sampled_from([*worker.EVENTS, "other"])}, optional=dict.fromkeys(NAMES[1:], JSON)
)


def framed(content, data=b"", arrays=()):
    text = content if isinstance(content, bytes) else json.dumps({"arrays": list(arrays), **content}).encode()
    return HEAD.pack(MAGIC, len(text), len(data)) + text + data


@contextmanager
def answering(*parts, ends=True, to_request=False):
    """A connection whose other side sends these bytes, after a request or at once, and closes it or not."""
    ours, theirs = socket.socketpair()
    sender = threading.Thread(target=_send, args=(theirs, b"".join(parts), ends, to_request), daemon=True)
    with closing(ours), closing(theirs):
        sender.start()
        yield ours
        ours.close()
        sender.join(5)


def _send(connection, data, ends=False, to_request=False):
    try:
        if to_request:
            receive(connection)
        connection.sendall(data)
        if ends:
            connection.shutdown(socket.SHUT_WR)
    except OSError:
        pass


class Session:
    """As much of a Database as a request needs; `looks` are left until a statement is cancelled."""

    def __init__(self, looks=1000):
        self.looks = looks

    def execute(self, query, **_):
        if "pg_settings" in query:
            return [{"name": f"madpy.{name}", "setting": value} for name, value in KNOWN.items()]
        self.looks -= 1
        if self.looks < 0:
            raise InterruptedError
        return []

    def progress(self, text):
        assert isinstance(text, str)


def asked(connection, looks=1000):
    """The answers to a request over this connection."""
    worker._connection = connection
    try:
        return list(worker.ask(Session(looks), {"do": "fit"}))
    finally:
        worker._connection = None


@pytest.fixture
def little_memory():
    """An allocation of much more than there is now fails."""
    before = resource.getrlimit(resource.RLIMIT_AS)
    size = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (size + 600 * 2**20, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_AS, before)


@settings(max_examples=100, deadline=None)
@given(data=st.binary(max_size=60) | st.binary(max_size=60).map(lambda text: framed(text)))
def test_bytes_that_are_no_message(data):
    with answering(data) as connection, pytest.raises((ProtocolError, Closed)):
        receive(connection)


@settings(max_examples=150, deadline=None)
@given(content=JSON, arrays=ARRAYS, data=st.binary(max_size=40))
def test_any_json(content, arrays, data):
    content = content if isinstance(content, dict) else {"content": content}
    with answering(framed(content, data, arrays)) as connection:
        try:
            message = receive(connection)
        except ProtocolError:
            return
    assert isinstance(message.content, dict)
    assert sum(array.nbytes for array in message.arrays) == len(data)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(events=st.lists(EVENTS, min_size=1, max_size=3))
def test_any_events(events):
    """A request ends with an error, or with answers that say what they have to."""
    with answering(*map(framed, events), to_request=True) as connection:
        try:
            answers = asked(connection)
        except MadpyError as error:
            assert worker.SQLSTATE.fullmatch(error.sqlstate)
            for text in (error.message, error.detail or "", error.hint or ""):
                assert "\0" not in text
                text.encode()
            return
    for answer in answers:
        assert worker._event(answer.content) in worker.EVENTS


@pytest.mark.parametrize(
    "head",
    [
        HEAD.pack(MAGIC, MOST_JSON, 0),
        HEAD.pack(MAGIC, MOST_JSON + 1, 0),
        HEAD.pack(MAGIC, 2**32 - 1, 0),
        HEAD.pack(MAGIC, 2, MOST_BYTES) + b"{}",
        HEAD.pack(MAGIC, 2, MOST_BYTES + 1) + b"{}",
        HEAD.pack(MAGIC, 2, 2**64 - 1) + b"{}",
        HEAD.pack(b"MPW2", 0, 0),
    ],
)
def test_a_large_head_allocates_nothing(head, little_memory):
    """A worker that ended before an answer is replaced: here, outside the server, that fails."""
    with (
        answering(head, to_request=True) as connection,
        pytest.raises(MadpyError, match=r"the worker was lost|this session has left") as raised,
    ):
        asked(connection)
    assert raised.value.sqlstate in ("58000", "55000")


@pytest.mark.parametrize(
    "text",
    [
        b"[" * 100_000,
        b'{"arrays": ' + b"[" * 100_000,
        b"9" * 10_000,
        b"\xff\xfe{",
        b"{}",
        b"[]",
        b"null",
        b'"a"',
    ],
)
def test_json_that_cannot_be_read(text):
    with answering(framed(text)) as connection, pytest.raises(ProtocolError):
        receive(connection)


def test_too_many_arrays():
    with (
        answering(framed({}, arrays=[{"dtype": "<f8", "shape": [0]}] * 1001)) as connection,
        pytest.raises(ProtocolError, match="too long"),
    ):
        receive(connection)


def test_array_without_numbers():
    """The smallest arrays are not mistaken for damaged ones."""
    with answering(framed({}, arrays=[{"dtype": "<f8", "shape": [0, 3]}])) as connection:
        assert receive(connection).arrays[0].shape == (0, 3)


def test_a_request_that_is_too_large(monkeypatch):
    """Levels of categories are the only texts of a request that may be long."""
    monkeypatch.setattr("madpy.worker.protocol.MOST_JSON", 20)
    with answering(ends=False) as connection, pytest.raises(MadpyError) as raised:
        asked(connection)
    error = raised.value
    assert (error.sqlstate, error.message) == (
        "54000",
        "the values of categories are too long for the worker",
    )
    assert error.hint == "Group them first, or leave out the longest."
