"""Drivers of models that are given by their numbers."""

from madpy.helper import helper
from madpy.modules.projects.models.fitted import get_model
from madpy.modules.projects.models.model_sql import written
from madpy.modules.projects.models.transfer import exported
from madpy.ports.postgres.session.db import Database
from madpy.ports.postgres.session.only import in_server


@in_server("model_sql", module="projects")
def model_sql(db: Database, model_id: int | None, name: str | None) -> str:
    """Return the statement that creates a function with the predictions of a model."""
    return written(get_model(db, int(helper.check_not_null("model_id", model_id))), name)


@in_server("export_model", module="projects")
def export_model(db: Database, model_id: int | None, format: str | None) -> bytes:
    """Return the bytes of a model, as a training wrote them or as a graph of ONNX."""
    return exported(db, get_model(db, int(helper.check_not_null("model_id", model_id))), format)
