"""The model that is deployed when another one is trained: both are scored on the same rows."""

from madpy.errors import MadpyError
from madpy.modules.projects import measures
from madpy.modules.projects.catalogue import Project
from madpy.modules.projects.compare import Compared
from madpy.modules.projects.fitted import get_model
from madpy.modules.projects.plan import Plan
from madpy.modules.projects.predicted import read_rows, supervised_figures
from madpy.modules.projects.queries import SUPERVISED, of_model
from madpy.modules.projects.schema import own
from madpy.ports.postgres.session.db import Database
from madpy.records import Record

DOES_NOT_FIT = ("42703", "42804", "22P02")  # a column is missing, or of a type that the model cannot read


class Rival(Record):
    """A deployed model and its score on the rows for testing of a training; None if it cannot score them."""

    model: int
    score: float | None


def rival_of(db: Database, project: Project, plan: Plan, metric: str) -> Rival | None:
    """Return the deployed model of a project, scored on the rows for testing; None if there is none."""
    if project.deployed_model is None:
        return None
    if project.task not in SUPERVISED:
        return Rival(project.deployed_model, _score_of_training(db, project.deployed_model, metric))
    db.progress("train: scoring the deployed model")
    try:
        score = _score(db, project.deployed_model, plan, metric)
    except MadpyError as error:
        if error.sqlstate not in DOES_NOT_FIT:
            raise
        score = None
    return Rival(project.deployed_model, score)


def is_better(compared: Compared, rival: Rival | None) -> bool:
    """Tell whether the best candidate has a better score than the deployed model on the same rows."""
    if rival is None or rival.score is None:
        return True
    figures = compared.best["metrics"] or {}
    score = figures.get(compared.metric, compared.best["score"])
    return score is not None and measures.is_better(compared.metric, float(score), rival.score)


def _score(db: Database, number: int, plan: Plan, metric: str) -> float | None:
    """Return the score of a model on the rows for testing; None if it has none there."""
    subject = of_model(db, get_model(db, number), plan.source, plan.split.targets, None, where=plan.holdout)
    rows = read_rows(db, subject.query, subject.labels, subject.class_type)
    score = supervised_figures(subject.task, rows).get(metric) if len(rows.predicted) else None
    return score if score is not None and score == score else None


def _score_of_training(db: Database, number: int, metric: str) -> float | None:
    """Return the score that a model has from its own training, for tasks without a target."""
    value = db.value(
        "SELECT (metrics ->> {metric:l})::float8 FROM {own:i}.models WHERE id = {id:l}",
        metric=metric,
        own=own(db),
        id=number,
    )
    return None if value is None else float(value)
