"""The schema of projects, and the way to write its tables."""

from typing import Any

from madpy.errors import MadpyError, SqlError
from madpy.ports.postgres.session.db import Database
from madpy.ports.postgres.session.sql import fill, identifier

NO_RIGHT = "42501"


def own(db: Database) -> str:
    """Return the name of the schema that projects are in."""
    if "projects" not in db.facts:
        db.facts["projects"] = db.execute_kept("SELECT {schema:i}.__own_schemas() ->> 'projects' AS name")[0][
            "name"
        ]
    return str(db.facts["projects"])


def check_writable(db: Database) -> None:
    """Raise an error in a read-only transaction, before rows are read."""
    if db.session.is_read_only:
        raise MadpyError(
            "projects cannot be changed or trained in a read-only transaction",
            sqlstate="25006",
            hint="call this on the primary server" if db.session.is_standby else None,
        )


def write(db: Database, what: str, arguments: str, **holes: Any) -> int:
    """Change tables by `__do_<what>`; `arguments` is SQL with holes, each of its exact type."""
    check_writable(db)
    call = fill("{own:i}.__write({what:l}, ", {"own": own(db), "what": what})
    try:
        return int(db.value(f"SELECT {call}{arguments})", **holes))
    except SqlError as error:
        if error.sqlstate != NO_RIGHT or not error.message.endswith(" __write"):
            raise
        raise MadpyError(
            "permission denied to change or train projects",
            sqlstate=NO_RIGHT,
            hint=f"ask a superuser for GRANT EXECUTE ON FUNCTION {identifier(own(db))}.__write",
        ) from None
