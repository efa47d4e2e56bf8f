"""schedule_train and unschedule_train: trainings at fixed times, by pg_cron."""

import json
import re
import shlex
from typing import Any

from madpy.errors import MadpyError
from madpy.helper import helper
from madpy.modules.projects.catalogue import get_project
from madpy.modules.projects.monitoring.timers import calendar_of
from madpy.modules.projects.schema import own
from madpy.ports.postgres.session.db import Database
from madpy.ports.postgres.session.only import in_server
from madpy.ports.postgres.session.sql import fill

PREFIX = "madpy:"  # names of jobs begin with it
NOT_SCHEDULED = ("project_name", "relation_name", "y_column_name")
# minute, hour, day of the month, month, day of the week; or a number of seconds: what pg_cron takes
EXPRESSION = re.compile(r"(?:[\d*/,$a-z-]+\s+){4}[\d*/,a-z-]+|[1-5]?\d seconds?", re.IGNORECASE)


@in_server("schedule_train", module="projects")
def schedule_train(
    db: Database, project_name: str | None, schedule: str | None, arguments: str | None
) -> int:
    """Have pg_cron train a project at fixed times, as the current role; return the number of the job."""
    project = get_project(db, str(helper.check_not_null("project_name", project_name)))
    when = str(helper.check_not_null("schedule", schedule)).strip()
    if not EXPRESSION.fullmatch(when):
        raise MadpyError(
            f'schedule: "{when}" is not a cron expression',
            hint="write minute, hour, day, month and day of the week: '0 3 * * *' is every night at three",
        )
    command = _command(db, project.name, json.loads(arguments or "{}"))
    _check_cron(db, _hint(db, when, command))
    return int(
        db.value(
            "SELECT cron.schedule({name:l}, {schedule:l}, {command:l})",
            name=PREFIX + project.name,
            schedule=when,
            command=command,
        )
    )


@in_server("unschedule_train", module="projects")
def unschedule_train(db: Database, project_name: str | None) -> bool:
    """End the schedule of a project; return whether there was one."""
    name = PREFIX + str(helper.check_not_null("project_name", project_name))
    _check_cron(db, "look for the training in crontabs, or connect to the database that has pg_cron")
    jobs = db.execute(
        "SELECT jobid FROM cron.job WHERE jobname = {name:l} AND username = current_user", name=name
    )
    for job in jobs:
        db.execute("SELECT cron.unschedule({id:l}::bigint)", id=job["jobid"])
    return bool(jobs)


def _command(db: Database, project: str, arguments: Any) -> str:
    """Return the statement that a job runs: a call of train with constants."""
    if not isinstance(arguments, dict):
        raise MadpyError("arguments must be an object", hint='write it like \'{"algorithm": "ridge"}\'')
    known = {
        row["name"]: row["type"]
        for row in db.execute(
            """
            SELECT name, pg_catalog.format_type(type, NULL) AS type
            FROM pg_catalog.pg_proc, ROWS FROM (
                pg_catalog.unnest(proargnames), pg_catalog.unnest(proargtypes::oid[])) AS listed (name, type)
            WHERE pronamespace = pg_catalog.to_regnamespace({own:l}) AND proname = 'train'
              AND type IS NOT NULL
            """,
            own=own(db),
        )
    }
    for name in arguments:
        helper.check_choice("arguments", name, [one for one in known if one not in NOT_SCHEDULED])
    texts = {
        name: json.dumps(value) if known[name] == "jsonb" or not isinstance(value, str) else value
        for name, value in arguments.items()
    }
    items = [
        fill("{name:i} => {value:l}", {"name": name, "value": text}) + f"::{known[name]}"
        for name, text in texts.items()
    ]
    return fill("SELECT * FROM {own:i}.train({listed:q})", {
        "own": own(db),
        "listed": ", ".join([fill("{project:l}", {"project": project}), *items]),
    })  # fmt: skip


def _hint(db: Database, when: str, command: str) -> str:
    """Return what to do without pg_cron: install it, or have another program call."""
    version = re.split(r"\D", db.session.server_version, maxsplit=1)[0]
    call = f"psql -d {shlex.quote(db.session.database)} -c {shlex.quote(command)}"
    ways = [
        f"install its package (postgresql-{version}-cron on Debian), add pg_cron to shared_preload_libraries"
        " and run CREATE EXTENSION pg_cron"
    ]
    if len(when.split()) == 5:
        line = f"{when} {call}".replace("%", "\\%")  # a per cent sign ends the command in a crontab
        ways.append(f"put this line into a crontab: {line}")
    if calendar := calendar_of(when):
        timed = call.replace("$", "$$")  # systemd puts variables in the place of names after a dollar sign
        timer = f"systemd-run --user --on-calendar={shlex.quote(calendar)} {timed}"
        ways.append(f"run this for a timer of systemd: {timer}")
    return "; or ".join(ways)


def _check_cron(db: Database, hint: str) -> None:
    """Raise an error where the current role has no pg_cron; `hint` is for a database without it."""
    if db.value("SELECT EXISTS (SELECT FROM pg_catalog.pg_extension WHERE extname = 'pg_cron')"):
        if db.value("SELECT pg_catalog.has_schema_privilege('cron', 'USAGE')"):
            return
        raise MadpyError(
            "permission denied for schema cron",
            sqlstate="42501",
            hint="ask a superuser for GRANT USAGE ON SCHEMA cron",
        )
    raise MadpyError("pg_cron is not installed in this database", sqlstate="0A000", hint=hint)
