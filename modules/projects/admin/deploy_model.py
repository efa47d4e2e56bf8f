"""deploy: have a model, given by its number, predict for its project."""

from madpy.helper import helper
from madpy.modules.projects.admin.deploy import BY_NUMBER, Deployment, deployed
from madpy.ports.postgres.session.db import Database


def deploy(db: Database, model_id: int | None) -> list[Deployment]:
    """Deploy a model; later deployments of its project may be by a strategy again."""
    model = int(helper.check_not_null("model_id", model_id))
    return deployed(db, model, "specific", BY_NUMBER)
