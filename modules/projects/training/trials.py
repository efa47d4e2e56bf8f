"""trial_info: the candidates of the trainings of a project."""

from typing import Any

from madpy.helper import helper
from madpy.modules.projects.catalogue import get_project
from madpy.modules.projects.evaluation.measures import LOWER_IS_BETTER
from madpy.modules.projects.schema import own
from madpy.ports.postgres.session.db import Database
from madpy.ports.postgres.session.only import in_server


@in_server("trial_info", is_set=True, module="projects")
def trial_info(db: Database, project: str | None) -> list[dict[str, Any]]:
    """Return the candidates of each training of a project, the best ones of a training first."""
    entry = get_project(db, str(helper.check_not_null("project", project)))
    return db.execute(
        """
        SELECT t.model_id, t.trial, t.algorithm, t.hyperparams::text AS hyperparams, t.status, t.error,
               t.score, t.deviation, t.seconds,
               t.algorithm = m.algorithm AND t.hyperparams = m.hyperparams AS is_kept
        FROM {own:i}.trials AS t JOIN {own:i}.models AS m ON m.id = t.model_id
        WHERE t.project_id = {project:l}
        ORDER BY t.model_id,
                 CASE WHEN m.metric = ANY ({lower:l}) THEN t.score ELSE -t.score END NULLS LAST, t.trial
        """,
        own=own(db),
        project=entry.id,
        lower=sorted(LOWER_IS_BETTER),
    )
