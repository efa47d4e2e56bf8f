"""Projects, read with the caller's rights."""

from madpy.errors import MadpyError
from madpy.helper.checks.arguments import quoted
from madpy.modules.projects.schema import own, write
from madpy.ports.postgres.session.db import Database
from madpy.records import Record

LONGEST = 1000  # bytes of a name, which has to fit an entry of an index


class Project(Record):
    """A project that the caller may use."""

    id: int
    name: str
    task: str
    deployed_model: int | None


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
        raise missing(db, name, "choose one of the view projects")
    return project


def missing(db: Database, name: str, otherwise: str) -> MadpyError:
    """Return the error for a project that does not exist; its hint has similar names, or what else to do."""
    from difflib import get_close_matches  # imported only here: no call that succeeds needs it

    known = [row["name"] for row in db.execute("SELECT name FROM {own:i}.projects", own=own(db))]
    near = get_close_matches(name, known, n=3)
    hint = f"did you mean {' or '.join(map(quoted, near))}?" if near else otherwise
    return MadpyError(f"project {quoted(name)} does not exist", sqlstate="42704", hint=hint)


def check_name(db: Database, name: str) -> None:
    """Raise an error for what is no name, and if there is a project of it that the caller may not train."""
    if not name.strip() or len(name.encode()) > LONGEST:
        raise MadpyError(
            f"project_name must have from 1 to {LONGEST} bytes",
            hint="choose a name that says what models are for",
        )
    write(db, "check_name", "{name:l}::text", name=name)


def add_project(db: Database, name: str, task: str) -> Project:
    """Make a project of the caller, or return the one of this name that another session has made since."""
    made = write(db, "add_project", "{name:l}::text, {task:l}::text", name=name, task=task)
    return Project(made, name, task, None)
