"""However a server ends, its workers end with it, and nothing of them is left in the data directory."""

import os
import signal
import threading
from contextlib import closing, suppress
from pathlib import Path

import pg
import pytest

from madpy.dev import cluster
from madpy.dev.shards import Shard
from madpy.dev.state import here
from tests.ports.fault import Faults
from tests.session import Session
from tests.worker.package import processes, within, workers


@pytest.fixture
def other(server):
    """A server of its own."""
    shard = Shard.numbered(here(), 90)
    yield shard
    shard.stop()


def stop(shard, how):
    postmaster = int((shard.data / "postmaster.pid").read_text().split()[0])
    if how == "kill -9":
        os.kill(postmaster, signal.SIGKILL)
        assert within(10, lambda: not Path(f"/proc/{postmaster}").exists())
    else:
        cluster.as_owner(shard, "pg_ctl", "-D", str(shard.data), "-w", "-m", how, "stop")


@pytest.mark.parametrize("how", ["fast", "immediate", "kill -9"])
def test_a_server_that_ends(other, faulty, how):
    fault = Faults(faulty)
    with closing(other.start().connect()) as connection:
        session = Session(connection)
        session("CREATE EXTENSION IF NOT EXISTS madpy CASCADE")
        session(f"SET madpy.python_path = '{faulty}'; DROP TABLE IF EXISTS t")
        session("CREATE TABLE t AS SELECT i::float8 AS x, i::float8 AS y FROM generate_series(1, 9) AS i")
        session("SELECT count(*) FROM madlib.sk_algorithms()")
        thread = threading.Thread(target=fails, args=(session, fault("sleeps")))
        thread.start()
        assert within(10, lambda: workers(faulty))
        stop(other, how)
        assert within(5, lambda: not processes(faulty))
        thread.join()
    left = [path.name for path in other.data.glob("pgsql_tmp*")]
    assert left == ["pgsql_tmp.madpy.lock"]
    assert (other.data / left[0]).stat().st_mode & 0o777 == 0o600


def fails(session, statement):
    with suppress(pg.Error):
        session(statement)
