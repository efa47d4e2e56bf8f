"""train_joint: train for several targets."""

from functools import wraps
from typing import Any

from madpy.errors import MadpyError
from madpy.helper import helper
from madpy.modules.projects.driver import Result, train
from madpy.ports.postgres.session.db import Database
from madpy.ports.postgres.session.sql import identifier


@wraps(train, assigned=())  # the arguments have the same names
def train_joint(
    db: Database,
    project_name: str | None,
    task: str | None,
    relation_name: str | None,
    y_column_name: list[str] | None,
    *others: Any,
) -> list[Result]:
    """Fit models that predict several columns; the rest is as in train."""
    targets = helper.check_not_null("y_column_name", y_column_name)
    if not all(isinstance(name, str) for name in targets):
        raise MadpyError("y_column_name must be a list of columns", hint="write it like '{weight,waist}'")
    listed = ", ".join(map(identifier, targets))
    trained: list[Result] = train(db, project_name, task, relation_name, listed, *others)
    return trained
