"""Schedules: pg_cron where it is installed, a line to copy where it is not."""

import shlex
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from madpy.dev.cluster import initialise
from madpy.dev.server import Address
from madpy.dev.shards import Shard
from madpy.dev.state import here
from tests.session import Session

PRELOADED = """
shared_preload_libraries = 'pg_cron'
cron.database_name = 'postgres'
cron.use_background_workers = on
"""
TRAINED = """
    SELECT * FROM pgml.train('Sugar', 'regression', 'diabetes', 'target', 'ridge')
"""


@pytest.fixture
def with_cron(server: Address) -> Iterator[Session]:
    """A server of its own that has loaded pg_cron; of a PostgreSQL from elsewhere there may be no pg_cron."""
    if not Path(here().pg["pkglibdir"], "pg_cron.so").exists():
        pytest.skip("this PostgreSQL has no pg_cron")
    shard = Shard.numbered(here(), 91)
    shard.folder.mkdir(mode=0o755, exist_ok=True)
    initialise(shard)
    settings = shard.data / "postgresql.conf"
    if "pg_cron" not in settings.read_text():
        with settings.open("a") as file:
            file.write(PRELOADED)
    try:
        with closing(shard.start().connect()) as connection:
            connection.set_notice_receiver(lambda notice: None)
            session = Session(connection)
            session("DROP EXTENSION IF EXISTS madpy CASCADE; DROP EXTENSION IF EXISTS pg_cron")
            session("CREATE EXTENSION madpy CASCADE; CREATE EXTENSION pg_cron; DROP TABLE IF EXISTS diabetes")
            session("SELECT madlib.load_dataset('diabetes')")
        shard.stop()  # the launcher of pg_cron sees an extension that is there when it starts
        with closing(shard.start().connect()) as connection:
            yield Session(connection)
    finally:
        shard.stop()


def test_a_schedule_trains_and_its_runs_are_seen(with_cron: Session) -> None:
    with_cron(TRAINED)
    with_cron("SELECT pgml.schedule_train('Sugar', '* * * * *', '{\"algorithm\": \"lasso\", \"seed\": 3}')")
    assert with_cron("SELECT project, schedule, active, status FROM pgml.schedules") == [
        ("Sugar", "* * * * *", True, None)
    ]
    until = time.monotonic() + 90
    while not with_cron("SELECT FROM pgml.schedules WHERE status IN ('succeeded', 'failed')"):
        assert time.monotonic() < until, with_cron("SELECT * FROM pgml.schedules")
        time.sleep(0.5)
    assert with_cron("SELECT DISTINCT status FROM pgml.schedules WHERE status <> 'starting'") == [
        ("succeeded",)
    ]
    assert ("lasso", 3) in with_cron("SELECT algorithm, seed FROM pgml.models")
    assert with_cron.value("SELECT pgml.unschedule_train('Sugar')") is True
    assert with_cron.value("SELECT pgml.unschedule_train('Sugar')") is False
    assert with_cron("SELECT FROM pgml.schedules") == []


def test_without_pg_cron_the_hint_has_a_line_for_a_crontab(sql: Session) -> None:
    sql("BEGIN")
    name = 'it\'s 5 % "sweet"'
    version = sql.value("SELECT current_setting('server_version_num')::int / 10000")
    sql(f"SELECT pgml.__write('add_project', $${name}$$::text, 'regression'::text)")
    failure = sql.fails(f"SELECT pgml.schedule_train($${name}$$, '0 3 * * 1', '{{\"seed\": 5}}')")
    assert (failure.sqlstate, failure.message) == (
        "0A000",
        "pgml.schedule_train: pg_cron is not installed in this database",
    )
    assert f"(postgresql-{version}-cron on Debian)" in failure.hint
    line = failure.hint.split("crontab: ")[1].removesuffix(".")
    *when, program = line.split(" ", 5)
    words = shlex.split(program.replace("\\%", "%"))
    assert (when, words[:2], words[3]) == (["0", "3", "*", "*", "1"], ["psql", "-d"], "-c")
    sql("ROLLBACK")
    assert words[4] == ("""SELECT * FROM "pgml".train('it''s 5 % "sweet"', "seed" => '5'::integer)""")


def test_without_pg_cron_nothing_can_be_unscheduled(sql: Session) -> None:
    failure = sql.fails("SELECT pgml.unschedule_train('P')")
    assert failure.message == "pgml.unschedule_train: pg_cron is not installed in this database"
    assert failure.hint == "Look for the training in crontabs, or connect to the database that has pg_cron."


@pytest.mark.parametrize(
    ("schedule", "arguments", "message"),
    [
        ("every night", "{}", 'schedule: "every night" is not a cron expression'),
        ("0 3 * * *; DROP TABLE x", "{}", 'schedule: "0 3 * * *; DROP TABLE x" is not a cron expression'),
        ("0 3 * * *", '{"sede": 1}', 'arguments: unknown value "sede"'),
        ("0 3 * * *", '{"relation_name": "x"}', 'arguments: unknown value "relation_name"'),
        ("0 3 * * *", "[]", "arguments must be an object"),
    ],
)
def test_wrong_arguments(sql: Session, schedule: str, arguments: str, message: str) -> None:
    sql("BEGIN; SELECT pgml.__write('add_project', 'P'::text, 'regression'::text)")
    failure = sql.fails(f"SELECT pgml.schedule_train('P', '{schedule}', '{arguments}')")
    assert failure.message == f"pgml.schedule_train: {message}"
    sql("ROLLBACK")
    failure = sql.fails("SELECT pgml.schedule_train('P', '0 3 * * *')")
    assert failure.message == 'pgml.schedule_train: project "P" does not exist'
