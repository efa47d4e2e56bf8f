"""A server that is not fit for use, or lost: it is named, nothing is left, the same call works later."""

import threading
import time
from collections.abc import Callable, Iterator

import pg
import pytest

from madpy.dev.shards import Shard
from madpy.dev.state import here
from tests.session import Failure, Session
from tests.shards.conftest import COLUMNS, Far, foreign

CALL = "SELECT madlib.logregr_train('{}', 'model', 'y > 3', 'x1, x2, x3', tolerance => 0)"
ACTIVE = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'postgres_fdw' AND state = 'active'"
LOST = ("08006", "08001", "57P01", "57P02", "08000")


@pytest.fixture
def slow(sharded: Session, far: Far, schema: str) -> Session:
    """The session, and a table `slow` with a part that takes a second for each pass."""
    there = far.session(3)
    there(f"CREATE VIEW {schema}.slow AS SELECT * FROM {schema}.t WHERE pg_sleep(0.002) IS NOT NULL")
    there.connection.close()
    sharded(f"CREATE TABLE slow ({COLUMNS}) PARTITION BY LIST (place)")
    foreign(sharded, "slow_3", "slow", "IN (3)", f"{schema}_s3", schema, "slow")
    sharded("CREATE TABLE quick PARTITION OF slow FOR VALUES IN (0)")
    sharded("INSERT INTO slow SELECT * FROM flat WHERE place = 0")
    return sharded


class Running:
    """A training over `slow`, in a session and a thread of its own."""

    def __init__(self, session: Session, schema: str) -> None:
        self.session = session
        self.pid = session.value("SELECT pg_backend_pid()")
        session(f"SET search_path = {schema}, public")
        self.failure: Failure | None = None
        self.thread = threading.Thread(target=self._run)
        self.thread.start()

    def _run(self) -> None:
        try:
            self.session(CALL.format("slow"))
        except pg.DatabaseError as error:
            self.failure = Failure(error)

    def error(self) -> Failure:
        self.thread.join(20)
        assert self.failure is not None
        return self.failure


@pytest.fixture
def running(slow: Session, far: Far, schema: str, connect: Callable[..., Session]) -> Iterator[Running]:
    """Yield a training that has come to the slow part."""
    run = Running(connect(), schema)
    there = far.session(3)
    eventually(lambda: there.value(ACTIVE) > 0)
    there.connection.close()
    yield run
    run.thread.join(20)


def eventually(holds: Callable[[], bool], seconds: float = 10) -> None:
    until = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < until
        time.sleep(0.02)


def nothing_is_left(sql: Session) -> bool:
    return sql("SELECT to_regclass('model'), to_regclass('model_summary')") == [(None, None)]


def works(sql: Session, table: str = "rows") -> bool:
    call = CALL.format(table).replace("tolerance => 0", "max_iter => 2")
    sql(call)
    return bool(sql.value("SELECT num_rows_processed FROM model") > 0)


def test_a_server_that_is_not_told_to_have_madpy(sharded: Session, schema: str) -> None:
    sharded(f"ALTER SERVER {schema}_s2 OPTIONS (DROP extensions)")
    error = sharded.fails(CALL.format("rows"))
    assert error.sqlstate == "55000"
    assert error.message == (
        f'logregr_train: server "{schema}_s2" is not known to have madpy: all its rows would be fetched'
    )
    assert str(error.hint).startswith(f"ALTER SERVER \"{schema}_s2\" OPTIONS (ADD extensions 'madpy')")
    assert nothing_is_left(sharded)
    sharded(f"ALTER SERVER {schema}_s2 OPTIONS (ADD extensions 'postgres_fdw')")
    hint = str(sharded.fails(CALL.format("rows")).hint)
    statement = f"ALTER SERVER \"{schema}_s2\" OPTIONS (SET extensions 'postgres_fdw, madpy')"
    assert hint.startswith(statement)
    sharded(statement)
    assert works(sharded)
    assert sharded.warnings == []


def test_a_server_without_madpy(sharded: Session, far: Far, schema: str) -> None:
    there = far.session(2)
    there("DROP EXTENSION madpy")
    try:
        error = sharded.fails(CALL.format("rows"))
    finally:
        there("SET client_min_messages = warning; CREATE EXTENSION madpy")
        there.connection.close()
    assert error.sqlstate in ("42883", "3F000")
    assert error.message == f'logregr_train: server "{schema}_s2" does not have this version of madpy'
    assert "madpy install --all-shards" in str(error.hint)
    assert nothing_is_left(sharded)
    assert works(sharded)


def test_a_server_with_another_version(sharded: Session, far: Far, schema: str) -> None:
    there = far.session(3)
    function = 'madlib.__same_version(bytea, "any")'
    kept = there.value(f"SELECT pg_get_functiondef('{function}'::regprocedure)")
    says = "madpy is of version 0.0.1 here"
    there(f"ALTER EXTENSION madpy DROP FUNCTION {function}")
    there(f"DROP FUNCTION {function}")
    there(
        "CREATE FUNCTION madlib.__same_version(bytea, bigint) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS"
        f" $$ BEGIN RAISE '{says}' USING ERRCODE = '55000'; END $$"
    )
    try:
        error = sharded.fails(CALL.format("rows"))
    finally:
        there("DROP FUNCTION madlib.__same_version(bytea, bigint)")
        there(kept)
        there(f"ALTER EXTENSION madpy ADD FUNCTION {function}")
        there.connection.close()
    assert error.sqlstate == "55000"
    assert error.message == f'logregr_train: server "{schema}_s3": {says}'
    assert str(error.hint).startswith("Install the same version there: madpy install --all-shards")
    assert nothing_is_left(sharded)
    assert works(sharded)


def test_a_role_without_a_user_mapping(sharded: Session, schema: str, role: str) -> None:
    sharded(f"DROP USER MAPPING FOR PUBLIC SERVER {schema}_s3")
    sharded(f"GRANT USAGE, CREATE ON SCHEMA {schema}, madlib TO {role}")
    sharded(f"GRANT SELECT ON ALL TABLES IN SCHEMA {schema} TO {role}")
    sharded(f"SET ROLE {role}")
    error = sharded.fails(CALL.format("rows"))
    sharded("RESET ROLE")
    assert error.message.startswith("logregr_train: ")
    assert f"{schema}_s3" in error.message
    assert error.sqlstate == "42704"
    assert error.hint == f'CREATE USER MAPPING FOR CURRENT_USER SERVER "{schema}_s3" OPTIONS (...).'


def test_a_user_who_may_not_log_in_there(sharded: Session, schema: str) -> None:
    sharded(f"ALTER USER MAPPING FOR PUBLIC SERVER {schema}_s3 OPTIONS (SET user 'nobody_at_all')")
    error = sharded.fails(CALL.format("rows"))
    assert error.sqlstate == "08001"
    assert f'"{schema}_s3"' in error.message
    assert nothing_is_left(sharded)


def test_a_table_that_the_user_there_may_not_read(sharded: Session, schema: str, role: str, far: Far) -> None:
    there = far.session(3)
    there(f"CREATE ROLE {role}_there LOGIN")
    there(f"GRANT USAGE ON SCHEMA {schema}, madlib TO {role}_there")
    sharded(f"ALTER USER MAPPING FOR PUBLIC SERVER {schema}_s3 OPTIONS (SET user '{role}_there')")
    try:
        error = sharded.fails(CALL.format("rows"))
    finally:
        there(f"DROP OWNED BY {role}_there")
        there(f"DROP ROLE {role}_there")
        there.connection.close()
    assert error.message == f'logregr_train: server "{schema}_s3": permission denied for table t'
    assert str(error.hint).startswith("Give the role of your user mapping SELECT on the table")


def test_a_column_that_the_table_there_lacks(sharded: Session, far: Far, schema: str) -> None:
    there = far.session(1)
    there(f"ALTER TABLE {schema}.u DROP COLUMN x1")
    there.connection.close()
    sharded("DROP TABLE near, attached")
    error = sharded.fails("SELECT madlib.regr_train('rows', 'model', 'y', 'x1')")
    assert error.message == f'regr_train: server "{schema}_s4": column "x1" does not exist'
    assert "column_name" in str(error.hint)
    assert nothing_is_left(sharded)


@pytest.mark.parametrize("table", ["t", "u"])
def test_a_column_that_any_table_there_lacks(sharded: Session, far: Far, schema: str, table: str) -> None:
    there = far.session(1)
    there(f"ALTER TABLE {schema}.{table} DROP COLUMN x2")
    there.connection.close()
    server = {"t": "s1", "u": "s4"}[table]
    for call in ("regr_train('rows', 'model', 'y', 'x2')", "summary('rows', 'model')"):
        error = sharded.fails(f"SELECT madlib.{call}")
        assert error.message.endswith(f': server "{schema}_{server}": column "x2" does not exist')
        assert error.sqlstate == "42703"
    error = sharded.fails("SELECT madlib.regr_train('rows', 'model', 'y', 'x9')")
    assert error.message == 'regr_train: column "x9" of table "rows" does not exist'


@pytest.mark.parametrize("call", ["regr_train('rows', 'model', 'y', 'x1')", "summary('rows', 'model', 'x1')"])
def test_a_column_of_another_type_there(sharded: Session, far: Far, schema: str, call: str) -> None:
    there = far.session(2)
    there(f"ALTER TABLE {schema}.t ALTER x1 TYPE numeric")
    there.connection.close()
    error = sharded.fails(f"SELECT madlib.{call}")
    assert error.sqlstate == "42804"
    assert "the type that it has on its server" in str(error.hint)
    assert nothing_is_left(sharded)


def test_a_server_that_is_down(sharded: Session, schema: str, far: Far) -> None:
    shard = Shard.numbered(here(), 3)
    shard.stop()
    try:
        error = sharded.fails(CALL.format("rows"))
    finally:
        shard.start()
    assert error.sqlstate == "08001"
    assert f'could not connect to server "{schema}_s3"' in error.message
    assert nothing_is_left(sharded)
    assert works(sharded)


def test_a_server_whose_sessions_are_ended_in_the_middle(
    running: Running, slow: Session, schema: str, far: Far
) -> None:
    there = far.session(3)
    there("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'postgres_fdw'")
    there.connection.close()
    error = running.error()
    assert error.sqlstate in LOST
    assert error.message.startswith("logregr_train: ")
    assert f'"{schema}_s3"' in f"{error.message} {error.detail} {error.context}"
    assert nothing_is_left(slow)
    assert works(running.session, "slow")


def test_a_server_that_goes_down_in_the_middle(
    running: Running, slow: Session, schema: str, far: Far
) -> None:
    shard = Shard.numbered(here(), 3)
    try:
        shard.stop()
        error = running.error()
    finally:
        shard.start()
    assert error.sqlstate in LOST
    assert f'"{schema}_s3"' in error.message
    assert nothing_is_left(slow)
    assert works(running.session, "slow")


def test_a_cancel_reaches_the_servers(running: Running, slow: Session, far: Far) -> None:
    slow(f"SELECT pg_cancel_backend({running.pid})")
    error = running.error()
    assert error.sqlstate == "57014"
    there = far.session(3)
    eventually(lambda: there.value(ACTIVE) == 0, 2)
    there.connection.close()
    assert nothing_is_left(slow)
    assert works(slow, "slow")


def test_a_timeout_reaches_the_servers(slow: Session, far: Far) -> None:
    slow("SET statement_timeout = '500ms'")
    started = time.monotonic()
    error = slow.fails(CALL.format("slow"))
    assert time.monotonic() - started < 2
    assert error.sqlstate == "57014"
    slow("RESET statement_timeout")
    there = far.session(3)
    eventually(lambda: there.value(ACTIVE) == 0, 2)
    there.connection.close()
    assert nothing_is_left(slow)
    assert works(slow, "slow")


def test_a_timeout_while_a_server_is_asked_for_its_version(sharded: Session, far: Far, schema: str) -> None:
    """A cancel stays what it is, and is no fault of the server."""
    there = far.session(3)
    there(f"ALTER TABLE {schema}.t RENAME TO kept")
    there(f"CREATE VIEW {schema}.t AS SELECT k.* FROM {schema}.kept AS k, pg_sleep(3)")
    sharded("SET statement_timeout = '500ms'")
    error = sharded.fails(CALL.format("rows"))
    assert (error.sqlstate, error.message) == (
        "57014",
        "logregr_train: canceling statement due to statement timeout",
    )
    sharded("RESET statement_timeout")
    there.connection.close()
