"""All or nothing: rollbacks, cancels in the middle, read-only transactions, and two sessions at once."""

import threading
import time

import pytest

from tests.regr.call import call

SLOW = "CREATE VIEW slow AS SELECT t.*, pg_sleep(0.02)::text = '' AS woke FROM t"
FEEDS = {"streaming": {}, "store": {"robust": True}, "groups": {"grouping_cols": "g"}}


@pytest.fixture(autouse=True)
def data(sql):
    sql("CREATE TABLE t AS SELECT i::float8 AS a, sin(i) AS y, i % 2 AS g FROM generate_series(1, 500) AS i")
    sql(SLOW)


def made(sql) -> list[tuple[str, ...]]:
    """Tables beside t, of any schema of the user's."""
    return sql(
        "SELECT relname FROM pg_class WHERE relkind = 'r' AND relname ~ '^[mnp](_summary)?$'"
        " AND relnamespace <> 'madlib'::regnamespace ORDER BY 1"
    )


def stores(sql) -> int:
    """That the session keeps in memory: each has a context of its own."""
    return sql.value("SELECT count(*) FROM pg_backend_memory_contexts WHERE name LIKE 'madpy store%'")


def test_a_rollback_undoes_a_training(sql):
    sql("BEGIN")
    sql(call("a"))
    sql("SELECT madlib.regr_predict('m', 't', 'p')")
    assert made(sql) == [("m",), ("m_summary",), ("p",)]
    sql("ROLLBACK")
    assert made(sql) == []


def test_an_error_undoes_what_was_begun(sql):
    """The model's table is there already when the constant target is seen."""
    sql("BEGIN; SAVEPOINT s")
    assert sql.fails(call("a", "1", robust=True)).message == "regr_train: the target is constant"
    sql("ROLLBACK TO s")
    assert made(sql) == []
    sql(call("a"))
    sql("COMMIT")
    assert made(sql) == [("m",), ("m_summary",)]


def test_a_caught_error_undoes_it_too(sql):
    sql(
        """
        DO $$BEGIN
            PERFORM madlib.regr_train('t', 'm', '1', 'a');
        EXCEPTION WHEN invalid_parameter_value THEN
            PERFORM madlib.regr_train('t', 'n', 'y', 'a');
        END$$
        """
    )
    assert made(sql) == [("n",), ("n_summary",)]


@pytest.mark.parametrize("options", FEEDS.values(), ids=FEEDS)
def test_a_timeout_in_the_middle(sql, options):
    """10 seconds of rows, stopped after 0.2: the server's own error, and the session goes on."""
    sql(call("a", output="n", **options))
    tables = made(sql)
    sql("BEGIN")
    sql("SAVEPOINT before")
    sql("SET statement_timeout = '200ms'")
    started = time.monotonic()
    error = sql.fails(call("a, woke::int", source="slow", **options))
    assert time.monotonic() - started < 2
    assert (error.sqlstate, error.message) == (
        "57014",
        "regr_train: canceling statement due to statement timeout",
    )
    sql("ROLLBACK TO before")
    assert (stores(sql), made(sql)) == (0, tables)
    sql("ROLLBACK")
    sql(call("a", **options))


@pytest.mark.parametrize("options", FEEDS.values(), ids=FEEDS)
def test_a_cancel_from_another_session(sql, connect, schema, options):
    other, errors = connect(), []
    other(f"SET search_path = {schema}")
    pid = other.value("SELECT pg_backend_pid()")
    thread = threading.Thread(
        target=lambda: errors.append(other.fails(call("a, woke::int", source="slow", **options)))
    )
    thread.start()
    waits = f"SELECT count(*) FROM pg_stat_activity WHERE pid = {pid} AND wait_event = 'PgSleep'"
    while thread.is_alive() and not sql.value(waits):
        time.sleep(0.01)
    assert sql.value(f"SELECT pg_cancel_backend({pid})")
    thread.join(timeout=5)
    assert errors[0].sqlstate == "57014"
    assert errors[0].message == "regr_train: canceling statement due to user request"
    assert made(sql) == []
    other(call("a", **options))


def test_a_cancel_is_not_caught_as_an_error_of_the_input(sql):
    sql("SET statement_timeout = '100ms'")
    for features in ("a", "ARRAY[a, woke::int]"):
        error = sql.fails(call(features, "y + woke::int", source="slow", weights="a + woke::int"))
        assert error.sqlstate == "57014"


def test_two_sessions_make_one_table(sql, connect, schema):
    """The second waits for the first, then says what happened."""
    first, second, errors = connect(), connect(), []
    for session in (first, second):
        session(f"SET search_path = {schema}")
    first("BEGIN")
    first(call("a"))
    thread = threading.Thread(target=lambda: errors.append(second.fails(call("a, g"))))
    thread.start()
    while thread.is_alive() and not sql.value("SELECT count(*) FROM pg_locks WHERE NOT granted"):
        time.sleep(0.01)
    first("COMMIT")
    thread.join(timeout=5)
    assert (errors[0].sqlstate, errors[0].message) == (
        "42P07",
        "regr_train: another session created a table of the same name at the same time",
    )
    assert errors[0].hint == "Drop it or choose another name."
    assert sql.value("SELECT feature_names FROM m") == ["(Intercept)", "a"]


def test_the_second_session_gets_the_name_when_the_first_gives_up(sql, connect, schema):
    first, second = connect(), connect()
    for session in (first, second):
        session(f"SET search_path = {schema}")
    first("BEGIN")
    first(call("a"))
    thread = threading.Thread(target=lambda: second(call("a, g")))
    thread.start()
    while thread.is_alive() and not sql.value("SELECT count(*) FROM pg_locks WHERE NOT granted"):
        time.sleep(0.01)
    first("ROLLBACK")
    thread.join(timeout=5)
    assert sql.value("SELECT feature_names FROM m") == ["(Intercept)", "a", "g"]


def test_many_sessions_train_at_once(sql, connect, schema):
    """On one table, into tables of their own."""
    sessions = [connect() for _ in range(4)]
    threads = []
    for number, session in enumerate(sessions):
        session(f"SET search_path = {schema}")
        statement = call("a", output=f"model_{number}", robust=True)
        threads.append(threading.Thread(target=session, args=(statement,)))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    tables = " UNION ".join(f"SELECT coef, std_err FROM model_{number}" for number in range(4))
    assert sql.value(f"SELECT count(*) FROM ({tables}) AS u") == 1


def test_a_read_only_transaction(sql):
    sql(call("a"))
    sql("BEGIN READ ONLY")
    error = sql.fails(call("a", output="n"))
    assert error.sqlstate == "25006"
    assert error.message == 'regr_train: "n" cannot be created in a read-only transaction'
    sql("ROLLBACK; BEGIN READ ONLY")
    assert len(sql("SELECT * FROM madlib.regr_summary('m')")) == 2
    assert sql.value("SELECT count(madlib.regr_predict(coef, ARRAY[1, a])) FROM m, t") == 500
    assert sql.value("SELECT madlib.mregr_r2(y, ARRAY[1, a]) IS NOT NULL FROM t")
    sql("COMMIT")


def test_what_another_session_sees(sql, connect, schema):
    """Nothing before the commit."""
    sql("BEGIN")
    sql(call("a"))
    other = connect()
    assert other.value(f"SELECT to_regclass('{schema}.m')") is None
    sql("COMMIT")
    assert other.value(f"SELECT count(*) FROM {schema}.m") == 1


def test_a_snapshot_is_kept(sql, connect, schema):
    """Rows that come during a training in a serializable transaction are in no pass of it."""
    sql("BEGIN ISOLATION LEVEL REPEATABLE READ")
    assert sql.value("SELECT count(*) FROM t") == 500
    connect()(f"INSERT INTO {schema}.t VALUES (1e6, 1e6, 0)")
    sql(call("a", robust=True))
    assert sql.value("SELECT num_rows_processed FROM m") == 500
    sql("COMMIT")
