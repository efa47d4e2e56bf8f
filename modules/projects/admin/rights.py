"""grant_project, revoke_project and transfer_project: who may use, train and own a project."""

from madpy.errors import MadpyError
from madpy.helper import helper
from madpy.helper.checks.arguments import parse_name, quoted
from madpy.modules.projects.catalogue import get_project
from madpy.modules.projects.schema import write
from madpy.ports.postgres.session.db import Database

ACCESS = ("reader", "trainer")


def grant_project(db: Database, project_name: str | None, role: str | None, access: str | None) -> None:
    """Have a role read a project, or read and train it; what it may do already stays."""
    chosen = helper.check_choice("access", access, ACCESS)
    _set_access(db, project_name, _role(db, "role", role), chosen)


def revoke_project(db: Database, project_name: str | None, role: str | None) -> None:
    """Take a role's rights on a project; `role` may be the number that a dropped one left."""
    name: str = helper.check_not_null("role", role)
    number = int(name) if name.isdecimal() and len(name) < 10 else _role(db, "role", name)
    _set_access(db, project_name, number, None)


def transfer_project(db: Database, project_name: str | None, new_owner: str | None) -> None:
    """Make another role the owner of a project."""
    number = _role(db, "new_owner", new_owner)
    write(
        db,
        "transfer",
        "{project:l}::bigint, {role:l}::oid::regrole",
        project=_project(db, project_name),
        role=number,
    )


def _set_access(db: Database, project_name: str | None, role: int, access: str | None) -> None:
    write(
        db,
        "set_access",
        "{project:l}::bigint, {role:l}::oid::regrole, {access:l}::text",
        project=_project(db, project_name),
        role=role,
        access=access,
    )


def _project(db: Database, name: str | None) -> int:
    return get_project(db, str(helper.check_not_null("project_name", name))).id


def _role(db: Database, what: str, name: str | None) -> int:
    """Return the OID of a role by its name, as SQL writes it."""
    parts = parse_name(str(helper.check_not_null(what, name)))
    rows = (
        db.execute(
            "SELECT oid::bigint AS oid FROM pg_catalog.pg_roles WHERE rolname = {name:l}", name=parts[0]
        )
        if parts and len(parts) == 1
        else []
    )
    if not rows:
        raise MadpyError(
            f"role {quoted(str(name))} does not exist", sqlstate="42704", hint="choose one of pg_roles"
        )
    return int(rows[0]["oid"])
