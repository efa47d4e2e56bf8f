"""deploy: choose the model of a project that predicts, by a strategy."""

import json
from typing import Any

from madpy.errors import MadpyError
from madpy.helper import helper
from madpy.helper.checks.arguments import quoted
from madpy.modules.projects import core
from madpy.modules.projects.catalogue import Project, get_project
from madpy.modules.projects.evaluation.measures import LOWER_IS_BETTER
from madpy.modules.projects.schema import own, write
from madpy.ports.postgres.session.db import Database
from madpy.records import Record

STRATEGIES = ("best_score", "most_recent", "rollback", "specific")
BY_NUMBER = "given by its number"  # the reason of a deployment
MOST_NAMED = 10  # models in a hint
Chosen = tuple[int, str]  # the number of a model, and the reason


class Deployment(Record):
    """Field for field the SQL type deployment."""

    project_name: str
    strategy: str
    algorithm: str
    model_id: int


def deploy(
    db: Database,
    project_name: str | None,
    strategy: str | None,
    algorithm: str | None,
    model_id: int | None,
) -> list[Deployment]:
    """Deploy the model of a project that a strategy chooses."""
    way = helper.check_choice("strategy", strategy, STRATEGIES)
    _check_given(way, algorithm, model_id)
    project = get_project(db, str(helper.check_not_null("project_name", project_name)))
    # From here on no other session changes the project: a choice stays right until it is written.
    write(db, "lock", "{id:l}::bigint", id=project.id)
    model, reason = _chosen(db, project, way, algorithm, model_id)
    return deployed(db, model, way, reason)


def deployed(db: Database, model: int, strategy: str, reason: str) -> list[Deployment]:
    """Write a deployment, and return it."""
    write(
        db,
        "deploy",
        "{model:l}::bigint, {strategy:l}::text, {reason:l}::text",
        model=model,
        strategy=strategy,
        reason=reason,
    )
    rows = db.execute(
        """
        SELECT p.name AS project_name, {strategy:l} AS strategy, m.algorithm, m.id AS model_id
        FROM {own:i}.models AS m JOIN {own:i}.projects AS p ON p.id = m.project_id WHERE m.id = {model:l}
        """,
        own=own(db),
        strategy=strategy,
        model=model,
    )
    return [Deployment(**row) for row in rows]


def _check_given(strategy: str, algorithm: str | None, model_id: int | None) -> None:
    """Raise an error for an algorithm or a model that the strategy does not take, or lacks."""
    if strategy == "rollback" and algorithm is not None:
        raise MadpyError("a rollback takes no algorithm", hint="leave it out, or deploy(model_id)")
    if strategy != "specific" and model_id is not None:
        raise MadpyError(f"strategy {strategy} takes no model_id", hint="give strategy => 'specific'")
    if strategy == "specific" and (algorithm is None) == (model_id is None):
        raise MadpyError(
            "strategy specific needs an algorithm or a model_id, one of the two",
            hint="give algorithm => 'ridge' for its newest model, or model_id => 1",
        )


def _chosen(
    db: Database, project: Project, strategy: str, algorithm: str | None, model_id: int | None
) -> Chosen:
    """Return the model that a strategy chooses, and why."""
    if strategy == "rollback":
        return _before(db, project)
    models = _models(db, project, algorithm)
    if model_id is not None:
        _check_among(db, project, models, model_id)
        return model_id, BY_NUMBER
    if strategy == "best_score":
        return _best(models)
    return models[-1]["id"], "the newest model" + (f" of {algorithm}" if algorithm else "")


def _check_among(db: Database, project: Project, models: list[dict[str, Any]], model_id: int) -> None:
    """Raise an error for a model of another project; one whose training failed is refused later."""
    numbers = [row["id"] for row in models]
    if model_id in numbers or db.value(
        "SELECT EXISTS (SELECT FROM {own:i}.models WHERE id = {id:l} AND project_id = {project:l})",
        own=own(db),
        id=model_id,
        project=project.id,
    ):
        return
    raise MadpyError(
        f"project {quoted(project.name)} has no model {model_id}",
        sqlstate="42704",
        hint=f"choose one of its newest models: {', '.join(map(str, numbers[: -MOST_NAMED - 1 : -1]))}",
    )


def _models(db: Database, project: Project, algorithm: str | None) -> list[dict[str, Any]]:
    """Return the models of a project that can predict, the newest last, of one algorithm if it is given."""
    rows = db.execute(
        """
        SELECT m.id, m.algorithm, m.metric, m.score, m.metrics::text AS metrics,
               s.checksum,
               pg_catalog.jsonb_build_array(
                   s.checksum, s.y_column_name, s.test_size, s.test_sampling, s.test_column, s.seed
               )::text AS tested_on
        FROM {own:i}.models AS m JOIN {own:i}.snapshots AS s ON s.id = m.snapshot_id
        WHERE m.project_id = {project:l} AND m.model IS NOT NULL ORDER BY m.id
        """,
        own=own(db),
        project=project.id,
    )
    chosen = [row for row in rows if algorithm in (None, row["algorithm"])]
    if not chosen:
        which = f"no model of algorithm {quoted(algorithm)}" if algorithm else "no model"
        there = ", ".join(sorted({row["algorithm"] for row in rows}))
        raise MadpyError(
            f"project {quoted(project.name)} has {which}",
            sqlstate="42704",
            hint=f"there are: {there}" if there else "train one",
        )
    return chosen


def _best(models: list[dict[str, Any]]) -> Chosen:
    """Return the model with the best score, by the metric of the newest one; of equal ones the newest.

    The reason says whether the scores are of the same rows.
    """
    metric = models[-1]["metric"]
    scores = [
        row["score"] if row["metric"] == metric else json.loads(row["metrics"] or "{}").get(metric)
        for row in models
    ]
    at = core.best(scores, metric in LOWER_IS_BETTER)
    score = "unknown" if scores[at] is None else f"{scores[at]:.6g}"
    tested_on = {row["tested_on"] for row in models}
    is_one = len(tested_on) == 1 and models[0]["checksum"] is not None
    rows = "on the same rows" if is_one else "each on rows of its own"
    return models[at]["id"], f"{metric} is {score}, the best of {len(models)}, {rows}"


def _before(db: Database, project: Project) -> Chosen:
    """Return the model that was deployed before the one that is."""
    rows = db.execute(
        """
        SELECT model_id, strategy = 'rollback' AS is_rollback FROM {own:i}.deployments
        WHERE project_id = {project:l} ORDER BY id
        """,
        own=own(db),
        project=project.id,
    )
    if not rows:
        raise MadpyError(
            f"no model of project {quoted(project.name)} is deployed",
            sqlstate="55000",
            hint="deploy one: deploy(project_name, 'best_score')",
        )
    model = core.before_last([(row["model_id"], row["is_rollback"]) for row in rows])
    if model is None:
        last = rows[-1]["model_id"]
        raise MadpyError(
            f"project {quoted(project.name)} has no deployment before the one of model {last}",
            sqlstate="55000",
            hint="choose a model of the view trained_models: deploy(model_id)",
        )
    return model, f"back from model {rows[-1]['model_id']}"
