"""Whatever ends a fit ends its processes at once: a cancel, the session, its client, the parent."""

import os
import signal
import socket
import threading
import time
from contextlib import closing, contextmanager

import pg
import pytest

from tests.session import Session
from tests.worker.package import change, parents, processes, within, workers

LATE = 1.0  # seconds; the mark is 0.2 on a quiet machine
TRIES = 3
LOST = "sk_train: the worker was lost"


@pytest.fixture
def table(sql, schema):
    sql("CREATE TABLE t AS SELECT i::float8 AS x, i::float8 AS y FROM generate_series(1, 4000) AS i")
    return schema


@contextmanager
def running(connect, fault, schema, statement):
    """Run a statement in a session of its own; gives the session's pid, and a list for its error."""
    session = connect()
    session(f"SET search_path = {schema}; SET madpy.python_path = '{fault.root}'")
    pid = session.value("SELECT pg_backend_pid()")
    errors: list = []
    thread = threading.Thread(target=lambda: errors.append(failure(session, statement)))
    thread.start()
    try:
        yield pid, errors
    finally:
        if not within(5, lambda: errors):
            session.connection.cancel()
        thread.join()


def failure(session, statement):
    try:
        return session(statement)
    except pg.DatabaseError as error:
        return error


def fits(sql, pid):
    """Wait until the session's fit runs; return whether it does."""
    doing = f"SELECT doing FROM madlib.progress WHERE pid = {pid}"
    found = within(20, lambda: sql(doing) == [("sk_train: fitting",)])
    time.sleep(0.3)  # the worker has begun, which the session says before
    return found


@pytest.mark.parametrize("how", ["sleeps", "stops", "is_in_blas", "is_in_libsvm"])
def test_a_cancel(sql, table, fault, connect, how):
    for n in range(TRIES):
        with running(connect, fault, table, fault(how, f"m{n}")) as (pid, errors):
            assert fits(sql, pid)
            started = time.monotonic()
            sql(f"SELECT pg_cancel_backend({pid})")
            assert within(20, lambda: errors and not workers(fault.root))
            seconds = time.monotonic() - started
        assert errors[0].sqlstate == "57014"
        if seconds < LATE:
            return
    pytest.fail(f"{seconds} s")


def test_a_timeout_and_the_next_call(sql, table, fault):
    sql(fault("does_well"))
    sql("DROP TABLE m, m_summary; SET statement_timeout = '500ms'")
    error = sql.refuses(fault("sleeps"))
    assert (error.sqlstate, error.message) == (
        "57014",
        "sk_train: canceling statement due to statement timeout",
    )
    sql("RESET statement_timeout")
    assert within(5, lambda: not workers(fault.root))
    sql(fault("does_well"))


def test_the_order_to_end(sql, table, fault, connect):
    with running(connect, fault, table, fault("sleeps")) as (pid, errors):
        assert fits(sql, pid)
        sql(f"SELECT pg_terminate_backend({pid})")
        assert within(LATE, lambda: not workers(fault.root))
    assert "terminating connection due to administrator command" in str(errors[0])


def test_a_client_that_has_gone(sql, table, fault, database):
    """The server would not notice before it has something to send."""
    with closing(database.connect()) as connection:
        session = Session(connection)
        session(f"SET search_path = {table}; SET madpy.python_path = '{fault.root}'")
        pid = session.value("SELECT pg_backend_pid()")
        connection.send_query(fault("sleeps"))
        assert fits(sql, pid)
        with socket.socket(fileno=os.dup(connection.fileno())) as client:
            client.shutdown(socket.SHUT_RDWR)
        assert within(5, lambda: not sql(f"SELECT FROM pg_stat_activity WHERE pid = {pid}"))
        assert within(LATE, lambda: not workers(fault.root))


def test_a_killed_parent(sql, table, fault, connect):
    with running(connect, fault, table, fault("sleeps")) as (pid, errors):
        assert fits(sql, pid)
        (parent,) = parents(fault.root)
        os.kill(parent, signal.SIGKILL)
        assert within(5, lambda: errors and not processes(fault.root))
    assert (errors[0].sqlstate, LOST in str(errors[0])) == ("58000", True)
    sql(fault("does_well"))
    assert parents(fault.root) != [parent]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_an_end_of_the_parent_between_two_calls(sql, table, fault, number):
    sql(fault("does_well"))
    (parent,) = parents(fault.root)
    os.kill(parent, number)
    assert within(5, lambda: not processes(fault.root))
    sql("DROP TABLE m, m_summary")
    sql(fault("does_well"))


def test_a_parent_that_stops(sql, table, fault, connect):
    """A session that waits for it can be cancelled, and goes on with it later."""
    sql("SELECT count(*) FROM madlib.sk_algorithms()")
    (parent,) = parents(fault.root)
    os.kill(parent, signal.SIGSTOP)
    try:
        other = connect()
        other(f"SET madpy.python_path = '{fault.root}'; SET statement_timeout = '1s'")
        assert other.fails("SELECT count(*) FROM madlib.sk_algorithms()").sqlstate == "57014"
    finally:
        os.kill(parent, signal.SIGCONT)
    other("RESET statement_timeout")
    assert other.value("SELECT count(*) FROM madlib.sk_algorithms()") > 3


def test_idle(sql, table, fault):
    """A worker ends, the next call has a new one, whatever the moment."""
    sql("SET madpy.worker_idle = 1")
    for pause in (0, 0.9, 0.99, 1, 1.01, 1.1):
        sql(fault("does_well"))
        time.sleep(pause)
        sql("DROP TABLE m, m_summary")
    assert within(5, lambda: not workers(fault.root))


def test_an_idle_parent(sql, table, fault):
    file = fault.root / "madpy" / "worker" / "parent.py"
    before = set(parents(fault.root))
    change(file, "IDLE_SECONDS", "0.5")  # a change of a file, as by an upgrade: it gets a parent of its own
    sql("SET madpy.worker_idle = 1")
    sql(fault("does_well"))
    assert len(set(parents(fault.root)) - before) == 1
    assert within(10, lambda: set(parents(fault.root)) <= before)
    sql("DROP TABLE m, m_summary")
    sql(fault("does_well"))


def test_a_parent_that_cannot_begin(sql, table, fault):
    file = fault.root / "madpy" / "worker" / "serve.py"
    text = file.read_text()
    try:
        file.write_text("raise ImportError('no library')\n")
        error = sql.fails(fault("does_well"))
    finally:
        file.write_text(text)
    assert (error.sqlstate, error.message) == ("58000", "sk_train: the worker cannot be started")
    assert error.detail.endswith("ImportError: no library.")
    sql(fault("does_well"))


def test_a_cancel_while_the_parent_begins(sql, table, fault, connect):
    """And of a second session, which waits for the first."""
    file = fault.root / "madpy" / "worker" / "serve.py"
    text = file.read_text()
    call = "SELECT count(*) FROM madlib.sk_algorithms()"
    try:
        file.write_text(f"import time\ntime.sleep(6)\n{text}")
        with running(connect, fault, table, call) as first, running(connect, fault, table, call) as second:
            time.sleep(1.5)
            for pid, errors in (second, first):
                sql(f"SELECT pg_cancel_backend({pid})")
                assert within(LATE, lambda errors=errors: errors)
                assert errors[0].sqlstate == "57014"
        assert sql.value(call) > 3
    finally:
        file.write_text(text)
