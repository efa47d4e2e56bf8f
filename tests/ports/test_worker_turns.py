"""Settings of the worker are a superuser's; more fits than they allow wait; many sessions succeed."""

import time
from contextlib import ExitStack, suppress
from threading import Thread

import pg
import pytest

from tests.ports.test_worker_ends import LATE, fits, running
from tests.session import Session
from tests.worker.package import processes, within

SETTINGS = [
    "worker_memory = '64GB'",
    "worker_threads = 64",
    "worker_fits = 100",
    "worker_idle = 0",
    "device = 'cpu'",
]
SESSIONS = 30
MOST_MB = 60  # of each worker's own memory


@pytest.fixture
def table(sql, schema):
    sql("CREATE TABLE t AS SELECT i::float8 AS x, i::float8 AS y FROM generate_series(1, 100) AS i")
    return schema


@pytest.mark.parametrize("setting", SETTINGS)
def test_a_user_cannot_change_them(sql, connect, role, setting):
    """Neither after the library is loaded nor before, when nobody knows the setting yet."""
    name, value = setting.split(" = ")
    sql("SELECT madlib.__python_path()")
    before = sql.value(f"SHOW madpy.{name}")
    user = connect(user=role)
    with suppress(pg.ProgrammingError):
        user(f"SET madpy.{setting}")
    user("SELECT madlib.__python_path()")
    assert user.value(f"SHOW madpy.{name}") == before
    assert user.fails(f"SET madpy.{setting}").sqlstate == "42501"
    assert user.fails(f"SET LOCAL madpy.{setting}").sqlstate == "42501"
    text = value.strip("'")
    assert user.fails(f"SELECT set_config('madpy.{name}', '{text}', true)").sqlstate == "42501"
    assert user.fails(f"ALTER ROLE {role} SET madpy.{setting}").sqlstate == "42501"


def test_the_rest_wait_and_say_so(sql, table, fault, connect):
    def run(how, output):
        statement = f"SET madpy.worker_fits = 1; {fault(how, output)}"
        return stack.enter_context(running(connect, fault, table, statement))

    def says(pid, before):
        doing = f"SELECT doing FROM madlib.progress WHERE pid = {pid}"
        said = f"waiting for a worker, fits before this one: {before}"
        return within(10, lambda: sql(doing) == [(said,)])

    with ExitStack() as stack:
        first, ended = run("sleeps", "m1")
        assert fits(sql, first)
        second, canceled = run("does_well", "m2")
        assert says(second, 1)
        third, answer = run("does_well", "m3")
        assert says(third, 2)
        started = time.monotonic()
        sql(f"SELECT pg_cancel_backend({second})")
        assert within(5, lambda: canceled)
        assert time.monotonic() - started < LATE
        assert says(third, 1)
        assert not ended
        sql(f"SELECT pg_cancel_backend({first})")
        assert within(10, lambda: answer)
    assert canceled[0].sqlstate == "57014"
    assert len(answer[0]) == 1  # row


def test_a_session_that_allows_more_fits_does_not_wait_for_one_that_allows_fewer(sql, table, fault, connect):
    """The setting may differ by role: each session goes by its own."""

    def run(how, output, fits):
        statement = f"SET madpy.worker_fits = {fits}; {fault(how, output)}"
        return stack.enter_context(running(connect, fault, table, statement))

    with ExitStack() as stack:
        first, _ = run("sleeps", "m1", 2)
        assert fits(sql, first)
        second, second_answer = run("does_well", "m2", 1)
        doing = f"SELECT doing FROM madlib.progress WHERE pid = {second}"
        assert within(10, lambda: "waiting" in str(sql(doing)))
        _, third_answer = run("does_well", "m3", 2)
        assert within(10, lambda: third_answer)
        assert len(third_answer[0]) == 1  # row
        assert not second_answer
        sql(f"SELECT pg_cancel_backend({first})")
        assert within(10, lambda: second_answer)
    assert len(second_answer[0]) == 1


def test_many_sessions_at_once(sql, table, fault, database):
    def train(session, n):
        session(f"SET search_path = {table}; SET madpy.python_path = '{fault.root}'")
        session(fault("naps", f"m{n}"))

    sql("SELECT count(*) FROM madlib.sk_algorithms()")
    sessions = [Session(database.connect()) for _ in range(SESSIONS)]
    threads = [Thread(target=train, args=(one, n)) for n, one in enumerate(sessions)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    own = [own_memory(pid) for pid in processes(fault.root)]
    assert max(own) < MOST_MB
    for one in sessions:
        one.connection.close()
    count = "SELECT count(*) FROM pg_tables WHERE schemaname = '{}' AND tablename ~ '^m\\d+$'"
    assert sql.value(count.format(table)) == SESSIONS


def own_memory(pid):
    """Megabytes that a process does not share."""
    with open(f"/proc/{pid}/smaps_rollup") as file:
        return sum(int(line.split()[1]) for line in file if line.startswith("Private")) / 1024


def test_calls_within_a_call(sql, table, fault):
    """A feature may be a function that trains, and a query may train twice."""
    sql(
        "CREATE FUNCTION trains(x float8) RETURNS float8 LANGUAGE plpgsql AS $$ BEGIN"
        f" DROP TABLE IF EXISTS inner_m, inner_m_summary; PERFORM {fault('does_well', 'inner_m')[7:]};"
        " RETURN x; END $$"
    )
    sql("CREATE TABLE two AS TABLE t LIMIT 2")
    sql(fault("does_well", "outer_m", "two").replace("'x'", "'trains(x)'"))
    assert sql.value("SELECT num_rows_processed FROM inner_m") == 100
    sql(f"{fault('does_well', 'a')}, {fault('does_well', 'b')[7:]}")
    assert sql.value("SELECT count(*) FROM a, b") == 1


def test_the_session_changes_between_calls(sql, table, fault, role):
    sql(fault("does_well", "m1"))
    sql(f"GRANT ALL ON SCHEMA {table} TO {role}; GRANT SELECT ON t TO {role}; SET ROLE {role}")
    sql(fault("does_well", "m2"))
    sql("RESET ROLE")
    sql("DISCARD ALL")
    sql(f"SET search_path = {table}; SET madpy.python_path = '{fault.root}'")
    sql(fault("does_well", "m3"))
    sql("SELECT count(*) FROM m1, m2, m3")


def test_a_read_only_transaction(sql, table, fault):
    sql("BEGIN READ ONLY")
    error = sql.fails(fault("does_well"))
    assert (error.sqlstate, error.message) == (
        "25006",
        'sk_train: "m" cannot be created in a read-only transaction',
    )
    sql("ROLLBACK; BEGIN READ ONLY")
    assert sql.value("SELECT count(*) FROM madlib.sk_algorithms()") > 3
