"""drop_project, drop_model and drop_snapshot: the owner of a project removes what is no longer needed."""

from madpy.helper import helper
from madpy.modules.projects.catalogue import get_project
from madpy.modules.projects.schema import write
from madpy.ports.postgres.session.db import Database


def drop_project(db: Database, project_name: str | None) -> None:
    """Drop a project with its snapshots, models, trials and deployments."""
    project = get_project(db, str(helper.check_not_null("project_name", project_name)))
    write(db, "drop_project", "{id:l}::bigint", id=project.id)


def drop_model(db: Database, model_id: int | None) -> None:
    """Drop a model that is not deployed; its deployments of the past stay in the log, without it."""
    write(db, "drop_model", "{id:l}::bigint", id=helper.check_not_null("model_id", model_id))


def drop_snapshot(db: Database, snapshot_id: int | None) -> None:
    """Drop a snapshot that no model was fitted on."""
    write(db, "drop_snapshot", "{id:l}::bigint", id=helper.check_not_null("snapshot_id", snapshot_id))
