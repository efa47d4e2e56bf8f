"""explain of a model table: the models that C explains rows with, by group."""

from typing import Any

from madpy.modules.projects.tables.convert import models_by_group
from madpy.modules.projects.tables.found import find_table
from madpy.ports.postgres.session.db import Database
from madpy.ports.postgres.session.only import in_server


@in_server("__models_of_table", is_set=True, module="projects")
def explain(db: Database, name: str | None) -> list[dict[str, Any]]:
    """Return the model of each group, with the names and texts of the grouping columns."""
    model = find_table(db, str(name))
    return [{"names": model.groups, "key": key, "model": data} for key, data in models_by_group(model)]
