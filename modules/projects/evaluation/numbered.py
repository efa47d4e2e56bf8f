"""Drivers of models that are given by their numbers."""

from typing import Any

from madpy.helper import helper
from madpy.modules.projects.evaluation.evaluate import evaluated
from madpy.modules.projects.evaluation.importance import importances
from madpy.modules.projects.models.fitted import get_model
from madpy.ports.postgres.session.db import Database
from madpy.ports.postgres.session.only import in_server


@in_server("evaluate", is_set=True, module="projects")
def evaluate(
    db: Database, model_id: int | None, relation: str | None, y_column_name: str | None
) -> list[dict[str, Any]]:
    """Return the figures of a model over a relation, or over the rows for testing of its snapshot."""
    entry = get_model(db, int(helper.check_not_null("model_id", model_id)))
    return evaluated(db, entry, relation, y_column_name)


@in_server("importance", is_set=True, module="projects")
def importance(
    db: Database, model_id: int | None, method: str | None, relation: str | None, y_column_name: str | None
) -> list[dict[str, Any]]:
    """Return how much a model depends on each feature."""
    entry = get_model(db, int(helper.check_not_null("model_id", model_id)))
    return importances(db, entry, method, relation, y_column_name)
