"""Projects and their snapshots, read with the caller's rights."""

import json
from typing import Any

from madpy.errors import MadpyError
from madpy.helper.checks.arguments import quoted
from madpy.modules.projects.schema import own, write
from madpy.modules.projects.snapshots import IMPORTED
from madpy.ports.postgres.session.db import Database
from madpy.records import Record


class Project(Record):
    """A project that the caller may use."""

    id: int
    name: str
    task: str
    deployed_model: int | None


class Snapshot(Record):
    """The rows of a training."""

    id: int
    relation_name: str
    y_column_name: list[str]
    features: list[dict[str, Any]]


def find_project(db: Database, name: str) -> Project | None:
    """Return the project of this name, None if there is none that the caller may use."""
    rows = db.execute_kept(
        "SELECT id, name, task, deployed_model FROM {own:i}.projects WHERE name = {name:l}",
        own=own(db),
        name=name,
    )
    return Project(**rows[0]) if rows else None


def get_project(db: Database, name: str) -> Project:
    """Return the project of this name; raise an error if there is none that the caller may use."""
    project = find_project(db, name)
    if project is None:
        from difflib import get_close_matches  # imported only here: no call that succeeds needs it

        known = [row["name"] for row in db.execute("SELECT name FROM {own:i}.projects", own=own(db))]
        near = get_close_matches(name, known, n=3)
        hint = (
            f"did you mean {' or '.join(map(quoted, near))}?" if near else "choose one of the view projects"
        )
        raise MadpyError(f"project {quoted(name)} does not exist", sqlstate="42704", hint=hint)
    return project


def add_project(db: Database, name: str, task: str) -> Project:
    """Make a project of the caller."""
    taken = "another role's project has the name {name}"
    try:
        made = write(db, "add_project", "{name:l}::text, {task:l}::text", name=name, task=task)
    except MadpyError as error:
        if error.sqlstate != "23505":
            raise
        raise MadpyError(
            taken.format(name=quoted(name)),
            sqlstate="42501",
            hint="ask its owner for the right to train it, or choose another name",
        ) from None
    return Project(made, name, task, None)


def last_snapshot(db: Database, project: Project) -> Snapshot | None:
    """Return the rows of the last training of a project."""
    rows = db.execute(
        """
        SELECT id, relation_name, y_column_name, features::text AS features
        FROM {own:i}.snapshots WHERE project_id = {id:l} AND test_sampling <> {imported:l}
        ORDER BY id DESC LIMIT 1
        """,
        own=own(db),
        id=project.id,
        imported=IMPORTED,
    )
    return Snapshot(**{**rows[0], "features": json.loads(rows[0]["features"])}) if rows else None
