"""Cancels where Citus is taken to be there, by its setting (src/catalog/savepoints.c).

Each wait lasts 4 seconds unless a timeout of 0.3 seconds ends it, which it has to: Citus sends nothing here.
"""

import threading
import time
from collections.abc import Callable

import pytest

from tests.session import Session

SOON = 2.0  # seconds, on a busy machine too
# A function with a subtransaction in which no statement runs, once the session has parsed its expressions.
SLOW = """
    CREATE FUNCTION slow(seconds float8) RETURNS float8 LANGUAGE plpgsql AS $$
    DECLARE began timestamptz := clock_timestamp();
    BEGIN
        BEGIN WHILE clock_timestamp() < began + seconds * interval '1 s' LOOP seconds := seconds; END LOOP;
        EXCEPTION WHEN division_by_zero THEN NULL; END;
        RETURN seconds;
    END $$
"""


@pytest.fixture
def guarded(sql: Session, load: Callable[..., None]) -> Session:
    """Take Citus to be there, over the tables `t` and `u`, the model `before` and `slow`."""
    load(x=[1.0, 2.0, 3.0, 4.0], y=[1.0, 3.0, 2.0, 5.0])
    sql("CREATE TABLE u AS TABLE t")
    sql("SELECT madlib.regr_train('t', 'before', 'y', 'x')")
    sql(SLOW)
    sql("SELECT slow(0.01)")
    sql("SET citus.shard_count = 1")
    return sql


def sqlstate_soon(sql: Session, statement: str) -> str:
    """Return the SQLSTATE of a statement, which must fail before its wait is over."""
    started = time.monotonic()
    sqlstate: str = sql.fails(statement).sqlstate
    assert time.monotonic() - started < SOON
    return sqlstate


@pytest.mark.parametrize(("setting", "sqlstate"), [("statement_timeout", "57014"), ("lock_timeout", "55P03")])
@pytest.mark.parametrize(("locked", "features"), [("t", "x"), ("u", "x, (SELECT max(x) FROM u)")])
def test_a_wait_for_a_lock(guarded, connect, schema, locked, features, setting, sqlstate):
    """A table is locked where the names of a statement are read, before any of it runs."""
    other = connect()
    other("BEGIN")
    other(f"LOCK TABLE {schema}.{locked} IN ACCESS EXCLUSIVE MODE")
    release = threading.Timer(4, other, ["ROLLBACK"])
    release.start()
    guarded(f"SET {setting} = 300")
    assert sqlstate_soon(guarded, f"SELECT madlib.regr_train('t', 'm', 'y', '{features}')") == sqlstate
    release.cancel()
    release.join()


def test_a_subtransaction_inside_a_statement(guarded):
    assert (
        guarded.value("SELECT num_rows_processed FROM madlib.regr_train('t', 'm', 'y', 'slow(x * 0.01)')")
        == 4
    )
    guarded("SET statement_timeout = 300")
    assert sqlstate_soon(guarded, "SELECT madlib.regr_train('t', 'n', 'y', 'slow(x * 4)')") == "57014"


def test_a_subtransaction_after_a_run(guarded):
    """A run that has no settings to restore ends its guard, too."""
    guarded("SET statement_timeout = 300")
    guarded(
        "CREATE FUNCTION after_run() RETURNS float8 LANGUAGE plpgsql AS"
        " $$ BEGIN PERFORM madlib.load_dataset('iris'); RETURN slow(4); END $$"
    )
    assert sqlstate_soon(guarded, "SELECT after_run()") == "57014"
