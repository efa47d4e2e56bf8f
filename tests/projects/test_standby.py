"""A hot standby predicts: a copy of the private cluster that follows it and takes no changes."""

import os
import shutil
import time
from contextlib import closing
from dataclasses import replace

import pytest

from madpy.dev.cluster import as_owner, make_owned
from madpy.dev.server import Address
from madpy.dev.state import here
from tests.projects import made
from tests.session import Session

SETTINGS = """
primary_conninfo = 'host={host} port={port} user={user} application_name=madpy_standby'
unix_socket_directories = '{folder}'
hot_standby = on
max_standby_streaming_delay = 1s
"""


@pytest.fixture
def standby(server, database, tmp_path_factory):
    """The address of a standby, which ends with the test."""
    state = here()
    folder = state.folder / f"standby-{os.getpid()}"
    shutil.rmtree(folder, ignore_errors=True)
    make_owned(folder)
    data = folder / "data"
    options = ("-h", server.host, "-p", str(server.port), "-U", server.user, "-c", "fast", "-X", "stream")
    try:
        as_owner(state, "pg_basebackup", "-D", str(data), *options)
        settings = SETTINGS.format(host=server.host, port=server.port, user=server.user, folder=folder)
        with (data / "postgresql.conf").open("a") as file:
            file.write(settings)
        (data / "standby.signal").touch()
        as_owner(state, "pg_ctl", "-D", str(data), "-l", str(folder / "log"), "-w", "start")
        yield replace(database, host=str(folder))
    finally:
        as_owner(state, "pg_ctl", "-D", str(data), "-w", "-m", "immediate", "stop", check=False)
        shutil.rmtree(folder, ignore_errors=True)


def follow(primary: Session, standby: Session) -> None:
    """Wait until the standby has all changes of the primary."""
    wanted = primary.value("SELECT pg_current_wal_flush_lsn()")
    end = time.monotonic() + 60
    while not standby.value(f"SELECT coalesce(pg_last_wal_replay_lsn() >= '{wanted}', false)"):
        assert time.monotonic() < end, "the standby does not follow"
        time.sleep(0.02)


def test_a_standby_predicts_with_the_model_that_is_deployed(sql, schema, standby: Address):
    sql("CREATE TABLE s AS SELECT x, 3 * x AS y, -1 * x AS z FROM generate_series(1.0, 20) AS x")
    sql("SELECT madlib.sk_train('s', 'one', 'y', 'x', 'linear')")
    hyperparams = '{"n_estimators": 40}'
    sql(f"SELECT madlib.sk_train('s', 'two', 'z', 'x', 'random_forest', '{hyperparams}')")
    name = made.fresh()
    number = made.project(sql, name)
    snapshot = made.snapshot(sql, number, relation_name="s")
    models = [made.model(sql, number, snapshot, f"(SELECT model FROM {table})") for table in ("one", "two")]
    sql("SELECT madlib.regr_train('s', 'three', 'y', 'x')")
    explain = f"SELECT e.* FROM {schema}.s AS s, pgml.explain('{schema}.three', s) AS e ORDER BY x, feature"
    query = f"SELECT x, pgml.predict('{name}', s), pgml.predict('{name}', x) FROM {schema}.s AS s ORDER BY x"
    with closing(standby.connect()) as connection:
        session = Session(connection)
        assert session.value("SELECT pg_is_in_recovery()") is True
        for model in (*models, *models):
            made.deploy(sql, model)
            follow(sql, session)
            wanted = sql(query)
            assert len(wanted) == 20
            assert session(query) == wanted
            assert session(query) == wanted
        assert session(explain) == sql(explain) != []
        sql("BEGIN")
        made.deploy(sql, models[0])
        assert session(query) == wanted
        sql("ROLLBACK")
        follow(sql, session)
        assert session(query) == wanted
        error = session.fails(f"SELECT pgml.predict_batch('{name}', '{schema}.s', '{schema}.out')")
        assert error.sqlstate == "25006"
