"""The one way in: what a driver raises is what the SQL user sees."""

import threading
import time
from pathlib import Path

import pytest

from madpy.errors import MadpyError
from madpy.ports.postgres import plpy
from madpy.ports.postgres.session.udf import plain, run

CALL = """
    DO LANGUAGE plpython3u $do$
        import sys, types
        for row in plpy.execute('SELECT madlib.__python_path() AS path'):
            row['path'] in sys.path or sys.path.insert(0, row['path'])
        from madpy.errors import MadpyError
        from madpy.ports.postgres.session.udf import run
        def train(db):
            {body}
        sys.modules['madpy.modules.fake.driver'] = types.SimpleNamespace(train=train)
        run(plpy, 'madlib', 'fake.train', [])
    $do$
"""


def test_a_madpy_error_is_the_servers_error(sql):
    error = sql.fails(
        CALL.format(body="raise MadpyError('it is so', sqlstate='22004', hint='do', detail='d')")
    )
    assert (error.sqlstate, error.message) == ("22004", "fake_train: it is so")
    assert (error.hint, error.detail) == ("Do.", "D.")


def test_the_servers_own_error_keeps_its_code_and_gets_the_name(sql):
    error = sql.fails(CALL.format(body="db.execute('SELECT nope()')"))
    assert (error.sqlstate, error.message) == ("42883", "fake_train: function nope() does not exist")
    assert error.hint.startswith("No function matches")


def test_memory_that_python_does_not_get(sql):
    error = sql.fails(CALL.format(body="raise MemoryError('so much')"))
    assert (error.sqlstate, error.message) == ("53200", "fake_train: out of memory")
    assert error.detail == "So much."


def test_an_unknown_code_is_kept_too(sql):
    raising = "DO $$BEGIN RAISE EXCEPTION 'x' USING ERRCODE = 'MD001'; END$$"
    error = sql.fails(CALL.format(body=f"db.execute({raising!r})"))
    assert (error.sqlstate, error.message) == ("MD001", "fake_train: x")


def test_a_failed_run_leaves_nothing(sql):
    sql.fails(CALL.format(body="db.execute('CREATE TABLE half ()'); db.execute('SELECT 1/0')"))
    assert sql.value("SELECT to_regclass('half')") is None


def test_a_timeout_gets_through_as_it_is(sql):
    sql("SET statement_timeout = '100ms'")
    error = sql.fails(CALL.format(body="db.execute('SELECT pg_sleep(30)')"))
    assert error.sqlstate == "57014"
    assert error.message.endswith("canceling statement due to statement timeout")


def test_a_cancel_from_another_session_gets_through(sql, connect):
    other, pid = connect(), sql.value("SELECT pg_backend_pid()")

    def cancel() -> None:
        time.sleep(0.3)
        other(f"SELECT pg_cancel_backend({pid})")

    thread = threading.Thread(target=cancel)
    thread.start()
    error = sql.fails(CALL.format(body="db.execute('SELECT pg_sleep(30)')"))
    thread.join()
    assert error.sqlstate == "57014"


def test_outside_the_server_the_text_is_the_same(db, sql):
    with pytest.raises(MadpyError) as outside:
        run(plpy, "madlib", "general.load_dataset", ("nope", None))
    inside = sql.fails("SELECT madlib.load_dataset('nope')")
    assert (outside.value.message, outside.value.sqlstate) == (inside.message, inside.sqlstate)
    assert outside.value.hint == inside.hint


def test_plain_leaves_what_is_no_record():
    assert plain([1.5, 2]) == [1.5, 2]
    assert plain(None) is None


def test_a_session_keeps_to_its_core(connect):
    """numpy's BLAS would start as many threads as there are cores in every session."""
    other = connect()
    rows = "SELECT sin(i) AS a, sin(i * i) > 0 AS y FROM generate_series(1, 50) AS i"
    other(f"CREATE TEMP TABLE t AS {rows}; SELECT madlib.logregr_train('t', 'pg_temp.m', 'y', 'a')")
    pid = other.value("SELECT pg_backend_pid()")
    assert len(list(Path(f"/proc/{pid}/task").iterdir())) == 1
