"""Projects and their snapshots, read with the caller's rights."""

import json
from typing import Any

from madpy.errors import MadpyError
from madpy.helper.checks.arguments import quoted
from madpy.modules.projects.schema import own, write
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


def check_name(db: Database, name: str) -> None:
    """Raise an error if there is a project of this name that the caller may not train."""
    write(db, "check_name", "{name:l}::text", name=name)


def add_project(db: Database, name: str, task: str) -> Project:
    """Make a project of the caller, or return the one of this name that another session has made since."""
    made = write(db, "add_project", "{name:l}::text, {task:l}::text", name=name, task=task)
    return Project(made, name, task, None)


def last_snapshot(db: Database, project: Project) -> Snapshot | None:
    """Return the rows of the last training of a project; raise an error if it was another role's.

    A trainer could have the next one, with more rights, read a view of the trainer's, whose functions run
    with these rights then.
    """
    rows = db.execute(
        """
        SELECT id, relation_name, y_column_name, features::text AS features,
               created_by::text AS role,
               created_by = (SELECT oid FROM pg_catalog.pg_roles WHERE rolname = current_user) AS is_own
        FROM {own:i}.snapshots WHERE project_id = {id:l} ORDER BY id DESC LIMIT 1
        """,
        own=own(db),
        id=project.id,
    )
    is_own, role = (rows[0].pop("is_own"), rows[0].pop("role")) if rows else (True, "")
    if not is_own:
        raise MadpyError(
            f"the last training of project {quoted(project.name)} was one of role {quoted(role)}",
            hint=f"name the table to train on: {rows[0]['relation_name']}",
        )
    return Snapshot(**{**rows[0], "features": json.loads(rows[0]["features"])}) if rows else None
