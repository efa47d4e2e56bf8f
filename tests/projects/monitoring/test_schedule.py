"""Schedules: pg_cron where it is installed, a line to copy where it is not."""

import re
import shlex
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from madpy.dev.cluster import initialise
from madpy.dev.server import Address
from madpy.dev.shards import Shard
from madpy.dev.state import here
from madpy.modules.projects.monitoring.timers import calendar_of
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
    """The training of one project is successful, and that of another one, whose target is gone, fails."""
    with_cron(TRAINED)
    with_cron("DROP TABLE IF EXISTS gone; CREATE TABLE gone AS SELECT * FROM diabetes")
    with_cron("SELECT * FROM pgml.train('Gone', 'regression', 'gone', 'target', 'ridge')")
    with_cron("UPDATE gone SET target = NULL")
    with_cron("SELECT pgml.schedule_train('Sugar', '* * * * *', '{\"algorithm\": \"lasso\", \"seed\": 3}')")
    with_cron("SELECT pgml.schedule_train('Gone', '* * * * *')")
    assert with_cron("SELECT project, schedule, active, status FROM pgml.schedules") == [
        ("Gone", "* * * * *", True, None),
        ("Sugar", "* * * * *", True, None),
    ]
    until = time.monotonic() + 90
    ended = "SELECT DISTINCT project, status FROM pgml.schedules WHERE status IN ('succeeded', 'failed')"
    while len(with_cron(ended)) < 2:
        assert time.monotonic() < until, with_cron("SELECT * FROM pgml.schedules")
        time.sleep(0.5)
    assert sorted(with_cron(ended)) == [("Gone", "failed"), ("Sugar", "succeeded")]
    ((message,),) = with_cron("SELECT DISTINCT message FROM pgml.schedules WHERE status = 'failed'")
    assert message == "the target is NULL in every row"
    assert ("lasso", 3) in with_cron("SELECT algorithm, seed FROM pgml.models")
    assert with_cron.value("SELECT pgml.unschedule_train('Gone')") is True
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
    hint = failure.hint.removesuffix(".")
    _, line, timer = re.split("crontab: |; or run this for a timer of systemd: ", hint)
    *when, program = line.split(" ", 5)
    words = shlex.split(program.replace("\\%", "%"))
    assert (when, words[:2], words[3]) == (["0", "3", "*", "*", "1"], ["psql", "-d"], "-c")
    sql("ROLLBACK")
    assert words[4] == ("""SELECT * FROM "pgml".train('it''s 5 % "sweet"', "seed" => '5'::bigint)""")
    program, user, calendar, *call = shlex.split(timer.replace("$$", "$"))
    assert (program, user, call) == ("systemd-run", "--user", words)
    assert calendar == "--on-calendar=Mon *-*-* 03:00:00"


def test_a_crontab_has_no_seconds(sql: Session) -> None:
    sql("BEGIN; SELECT pgml.__write('add_project', 'P'::text, 'regression'::text)")
    failure = sql.fails("SELECT pgml.schedule_train('P', '30 seconds')")
    assert failure.hint.endswith("and run CREATE EXTENSION pg_cron.")


CALENDARS = {
    "0 3 * * *": "*-*-* 03:00:00",
    "*/15 * * * *": "*-*-* *:0/15:00",
    "0,30 8-18/2 * * 1-5": "Mon,Tue,Wed,Thu,Fri *-*-* 08..18/2:00,30:00",
    "5 4 1,15 jan-mar *": "*-01..03-01,15 04:05:00",
    "0 0 $ * *": "*-*~01 00:00:00",
    "0 0 */2 6 *": "*-06-1/2 00:00:00",
    "0 12 * * 0,6": "Sat,Sun *-*-* 12:00:00",
    "0 12 * * fri-7": "Fri,Sat,Sun *-*-* 12:00:00",
}


@pytest.mark.parametrize("schedule", CALENDARS)
def test_a_cron_expression_is_one_of_a_calendar(schedule: str) -> None:
    """By the manual pages crontab(5) and systemd.time(7); systemd reads it, where it is there."""
    calendar = calendar_of(schedule)
    assert calendar == CALENDARS[schedule]
    if program := shutil.which("systemd-analyze"):
        said = subprocess.run([program, "calendar", calendar], capture_output=True, text=True, check=True)
        assert "Normalized form" in said.stdout


@pytest.mark.parametrize(
    "schedule",
    [
        "0 0 1 * 1",
        "30 seconds",
        "60 * * * *",
        "* * 0 * *",
        "0 0 * * mon#1",
        "0 0 * * */2",
        "*-5 * * * *",
        "30-5 * * * *",
        "5/2 * * * *",
        "0 0 * 13 *",
    ],
)
def test_what_a_calendar_cannot_say(schedule: str) -> None:
    """A day of the month or of the week, for one, of which cron takes either."""
    assert calendar_of(schedule) is None


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
