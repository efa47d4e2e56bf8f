"""The model that is deployed when another one is trained: both are scored on the same rows."""

from madpy.errors import MadpyError
from madpy.modules.projects.catalogue import Project
from madpy.modules.projects.evaluation import measures
from madpy.modules.projects.evaluation.predicted import read_rows, supervised_figures
from madpy.modules.projects.evaluation.queries import SUPERVISED, of_model
from madpy.modules.projects.models.fitted import Kept, get_model
from madpy.modules.projects.schema import own, write
from madpy.modules.projects.snapshots import snapshot_of
from madpy.modules.projects.training.compare import Compared
from madpy.modules.projects.training.plan import Plan
from madpy.ports.postgres.session.db import Database
from madpy.records import Record

DOES_NOT_FIT = ("42703", "42804", "22P02")  # a column is missing, or of a type that the model cannot read


class Rival(Record):
    """A deployed model and its score on the rows for testing of a training; None if it cannot score them."""

    model: int
    score: float | None


def rival_of(db: Database, project: Project, plan: Plan, metric: str) -> Rival | None:
    """Return the deployed model of a project, scored on the rows for testing; None if there is none.

    From here on no other session deploys one.
    """
    deployed = write(db, "lock", "{id:l}::bigint", id=project.id)
    if not deployed:
        return None
    if deployed != project.deployed_model:  # deployed since this call began: its rows are not seen here
        return Rival(deployed, _score_by_now(db, deployed, metric))
    if project.task not in SUPERVISED:
        return Rival(deployed, _score_of_training(db, deployed, metric))
    db.progress("train: scoring the deployed model")
    entry = get_model(db, deployed)
    try:
        score = _score(db, entry, plan, metric)
    except MadpyError as error:
        if error.sqlstate not in DOES_NOT_FIT:
            raise
        score = None
    if score is not None and not plan.split.is_within(snapshot_of(db, entry.snapshot_id).split):
        db.notice(
            f"model {deployed} was trained with another split: it may know rows that both are now tested on"
        )
    return Rival(deployed, score)


def is_better(compared: Compared, rival: Rival | None) -> bool:
    """Tell whether the best candidate has a better score than the deployed model on the same rows.

    A candidate without a score, such as r2 of one row, is no better than any model.
    """
    if rival is None:
        return True
    figures = compared.best["metrics"] or {}
    score = figures.get(compared.metric, compared.best["score"])
    if score is None or rival.score is None:
        return score is not None
    return measures.is_better(compared.metric, float(score), rival.score)


def _score(db: Database, entry: Kept, plan: Plan, metric: str) -> float | None:
    """Return the score of a model on the rows for testing; None if it has none there."""
    subject = of_model(db, entry, plan.source, plan.split.targets, None, where=plan.holdout)
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


def _score_by_now(db: Database, number: int, metric: str) -> float | None:
    """Return the score of a model from its own training, also of one that this call does not see yet."""
    value = db.value(
        "SELECT {own:i}.__score_by_now({id:l}, {metric:l}) AS score", own=own(db), id=number, metric=metric
    )
    return None if value is None else float(value)
