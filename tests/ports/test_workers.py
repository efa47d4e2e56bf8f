"""Workers of a store: they take part, obey the server's limits, and end with the call."""

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.ports.inside import left
from tests.ports.workers import COUNTS, FEW_ROWS, done_by_workers, with_workers
from tests.session import Session

TABLE = """
    CREATE TABLE t AS
    SELECT (i * 0.37 % 3)::float8 AS x, nullif(i % 11, 0) / 7.0::float8 AS z, i AS n
    FROM generate_series(1, 70000) AS i
"""
FILL = "SELECT madlib.__store_fill('SELECT x, z FROM t')"
TRIES = 200  # of passes, until a worker has come: others use the machine too


def workers_of(sql: Session) -> list[int]:
    """The processes of the session's workers."""
    name = f"madpy parallel worker of process {sql.connection.backend_pid} ".encode()
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if name in path.read_bytes().replace(b"\0", b" "):
                found.append(int(path.parent.name))
        except OSError:  # it has ended
            continue
    return found


def step(sql: Session, store: int) -> str:
    digest: str = sql.value(f"SELECT md5(madlib.__store_step({store}, 'moments'))")
    return digest


def steps_with_workers(sql: Session, store: int) -> str:
    """Run passes until workers have taken part; return the digest of the state."""
    sql("SET client_min_messages = debug1")
    for _ in range(TRIES):
        digest = step(sql, store)
        if done_by_workers(sql):
            sql("RESET client_min_messages")
            return digest
    raise AssertionError(f"no worker took part in {TRIES} passes")


def wait_for_none(sql: Session) -> None:
    for _ in range(500):
        if not workers_of(sql):
            return
        time.sleep(0.02)
    raise AssertionError("workers go on")


def test_they_take_part(sql: Session) -> None:
    """The state has the bits that this backend finds alone; at the end of the transaction nothing is left."""
    sql(TABLE)
    sql("SET max_parallel_workers_per_gather = 0; BEGIN")
    alone = step(sql, sql.value(FILL))
    sql("COMMIT")
    for count in COUNTS[1:]:
        with_workers(sql, count)
        sql("BEGIN")
        assert steps_with_workers(sql, sql.value(FILL)) == alone
        assert 1 <= len(workers_of(sql)) <= count
        sql("COMMIT")
        wait_for_none(sql)
        assert left(sql) == [0, 0, 0]


@pytest.mark.parametrize("setting", ["max_parallel_workers_per_gather", "max_parallel_workers"])
def test_no_free_worker(sql: Session, setting: str) -> None:
    sql(TABLE)
    with_workers(sql, 2)
    sql(f"SET {setting} = 0; SET client_min_messages = debug1; BEGIN")
    store = sql.value(FILL)
    assert step(sql, store)
    assert done_by_workers(sql) == 0
    assert workers_of(sql) == []


def test_a_small_table_has_none(sql: Session) -> None:
    sql(f"{TABLE}; BEGIN")
    step(sql, sql.value(FILL))
    assert workers_of(sql) == []


def test_within_a_parallel_query(sql: Session) -> None:
    """A function that somebody has called parallel safe fills a store in a worker, which starts no others."""
    sql(TABLE)
    sql(
        """
        CREATE FUNCTION f() RETURNS text PARALLEL SAFE LANGUAGE plpgsql AS $$
        BEGIN
            RETURN md5(madlib.__store_step(madlib.__store_fill('SELECT x, z FROM t'), 'moments'));
        END $$
        """
    )
    wanted = sql.value("SELECT f()")
    with_workers(sql, 2)
    name = "debug_parallel_query" if sql.connection.server_version >= 160000 else "force_parallel_mode"
    sql(f"SET {name} = on")
    assert sql.value("SELECT f()") == wanted


def test_a_cancel(sql: Session) -> None:
    sql(TABLE)
    with_workers(sql, 2)
    sql("BEGIN")
    store = sql.value(FILL)
    steps_with_workers(sql, store)
    sql("SET statement_timeout = 50")
    failure = sql.fails(f"SELECT madlib.__store_step({store}, 'moments') FROM generate_series(1, 100000)")
    assert (failure.sqlstate, failure.message) == ("57014", "canceling statement due to statement timeout")
    wait_for_none(sql)
    sql("ROLLBACK")
    assert left(sql) == [0, 0, 0]


def test_an_error(sql: Session) -> None:
    """The error is that of the first chunk that has one, whoever finds which first, and it is said once."""
    sql(f"{TABLE}; UPDATE t SET x = 'NaN' WHERE n = 30000; UPDATE t SET z = 'inf' WHERE n = 60000")
    sql("CREATE TABLE u AS SELECT * FROM t ORDER BY n")
    errors = []
    for count in COUNTS:
        with_workers(sql, count)
        sql("BEGIN")
        store = sql.value("SELECT madlib.__store_fill('SELECT x, z FROM u')")
        failure = sql.fails(f"SELECT madlib.__store_step({store}, 'moments')")
        errors.append((failure.sqlstate, failure.message, failure.hint))
        sql("ROLLBACK")
        assert left(sql) == [0, 0, 0]
    hint = "Leave such rows out, or turn the value into NULL: rows with a NULL are skipped."
    assert errors == [("22003", "feature 1 is NaN in some row", hint)] * len(COUNTS)


def test_a_terminated_worker(sql: Session) -> None:
    """One that is idle: the next pass has another."""
    sql(TABLE)
    with_workers(sql, 1)
    sql("BEGIN")
    store = sql.value(FILL)
    wanted = steps_with_workers(sql, store)
    for process in workers_of(sql):
        os.kill(process, signal.SIGTERM)
    wait_for_none(sql)
    assert steps_with_workers(sql, store) == wanted


def test_a_failed_transaction(sql: Session) -> None:
    """Gives the memory back at once, and ends the workers, before the ROLLBACK."""
    sql(TABLE)
    with_workers(sql, 2)
    sql("BEGIN")
    steps_with_workers(sql, sql.value(FILL))
    sql.fails("SELECT 1 / 0")
    wait_for_none(sql)
    sql("ROLLBACK")


def test_the_session_ends(sql: Session, connect: Callable[..., Session], schema: str) -> None:
    sql(TABLE)
    other = connect()
    other(f"SET search_path = {schema}, public; {FEW_ROWS}; BEGIN")
    steps_with_workers(other, other.value(FILL))
    workers = workers_of(other)
    assert workers
    sql(f"SELECT pg_terminate_backend({other.connection.backend_pid})")
    for _ in range(500):
        if not any(Path("/proc", str(process)).exists() for process in workers):
            return
        time.sleep(0.02)
    raise AssertionError("workers go on")


def test_states_that_are_too_large_together(sql: Session) -> None:
    """A call cannot have memory allocated for all of them."""
    sql(
        """
        CREATE TABLE t AS
        SELECT ARRAY(SELECT i::float8 FROM generate_series(1, 900) AS i) AS x, n
        FROM generate_series(1, 400) AS n
        """
    )
    for count in (0, 2):
        with_workers(sql, count)
        sql("BEGIN")
        store = sql.value("SELECT madlib.__store_fill('SELECT x, n FROM t', 1)")
        failure = sql.fails(f"SELECT length(madlib.__store_steps({store}, 'moments'))")
        assert (failure.sqlstate, failure.message) == ("54000", "all states together would be too large")
        sql("ROLLBACK")
