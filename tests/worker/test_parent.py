"""The parent of workers beside a process that stands for the database server."""

import os
import signal
import socket
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

import madpy
from madpy.ports.postgres import parent
from madpy.worker import main
from madpy.worker.protocol import Closed, Message, receive, send
from tests.worker.package import copied, parents, processes, within, workers

NO_PIDFD = "import os; del os.pidfd_open\n"


@pytest.fixture(scope="module")
def root():
    with copied(Path(sysconfig.get_path("purelib")), Path(madpy.__file__).parent) as folder:
        yield folder


@pytest.fixture
def server():
    with subprocess.Popen(["sleep", "600"]) as process:
        yield process
        process.kill()


@pytest.fixture
def started(root, server, tmp_path, monkeypatch):
    """started(before="") begins a parent; returns a function that connects."""
    monkeypatch.chdir(tmp_path)

    def start(before=""):
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind("s")
            listener.listen()
            command = [sys.executable, "-I", "-c", before + parent.CODE, str(root), str(server.pid)]
            done = subprocess.run(
                [*command, str(listener.fileno())],
                pass_fds=[listener.fileno()],
                env={"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"},
                capture_output=True,
            )
        assert done.stderr.endswith(main.READY)
        return connect

    yield start
    for pid in processes(root):
        os.kill(pid, signal.SIGKILL)


def connect():
    connection = socket.socket(socket.AF_UNIX)
    connection.settimeout(20)
    connection.connect("s")
    return connection


def described(connection):
    send(connection, Message({"do": "describe"}))
    return {one["algorithm"] for one in receive(connection).content["algorithms"]}


def test_both_sides_agree_on_when_it_is_ready():
    assert main.READY == parent.READY


def test_a_worker_for_each_session_and_none_after_it(root, started):
    reach = started()
    with reach() as one, reach() as other:
        assert "linear" in described(one)
        assert described(one) == described(other)
        assert len(workers(root)) == 2
    assert within(5, lambda: not workers(root))
    assert len(parents(root)) == 1


@pytest.mark.parametrize("before", ["", NO_PIDFD], ids=["pidfd", "no pidfd"])
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_all_end_with_the_server(root, started, server, before, number):
    with started(before)() as connection:
        described(connection)
        server.send_signal(number)
        assert within(5, lambda: not processes(root))
    assert not Path("s").exists()


def test_a_worker_that_is_killed(root, started):
    """Its session sees the end of the connection; others go on."""
    reach = started()
    with reach() as one:
        described(one)
        (first,) = workers(root)
        with reach() as other:
            described(other)
            os.kill(first, signal.SIGKILL)
            with pytest.raises(Closed):
                receive(one)
            assert described(other)


def test_what_is_no_request_ends_the_worker_alone(root, started):
    reach = started()
    with reach() as one, reach() as other:
        one.sendall(os.urandom(64))
        with pytest.raises(Closed):
            receive(one)
        assert described(other)


def test_a_name_that_is_another_parents_is_left(root, started):
    started()
    Path("s").unlink()
    Path("s").touch()
    (pid,) = parents(root)
    os.kill(pid, signal.SIGTERM)
    assert within(5, lambda: not processes(root))
    assert Path("s").exists()
