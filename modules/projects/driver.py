"""train: split the rows, have candidates fitted and compared, keep the best, deploy it if it is better."""

import json
import re
import time
from typing import Any

from madpy.errors import MadpyError, SqlError
from madpy.helper import helper
from madpy.helper.checks.arguments import quoted
from madpy.modules.projects.catalogue import Project, add_project, check_name, find_project
from madpy.modules.projects.training.candidates import has_few_rows, wanted
from madpy.modules.projects.training.compare import compare
from madpy.modules.projects.training.keep import keep_failure, keep_models, keep_snapshot
from madpy.modules.projects.training.plan import Plan
from madpy.modules.projects.training.rival import rival_of
from madpy.modules.projects.training.rows import Asked, check_rows, without_holdout
from madpy.modules.projects.training.split import count_rows
from madpy.ports.postgres.session.db import Database
from madpy.ports.postgres.session.only import in_server
from madpy.records import Record

NO_ROWS = "P0002"  # SQLSTATE of sk_compare where the holdout, or the rest of the rows, is empty
# SQLSTATEs of what no look at the arguments shows: rows that cannot be fitted, or are too large, a lack of
# resources, limits, and a worker that has ended
FAILURES = re.compile("22000|22003|5[348]...")


class Result(Record):
    """Field for field the SQL type training."""

    project_name: str
    objective: str
    status: str
    algorithm: str
    model_id: int
    metric: str | None
    score: float | None
    metrics: dict[str, Any] | None


@in_server("train", is_set=True, module="projects")
def train(
    db: Database,
    project_name: str | None,
    task: str | None,
    relation_name: str | None,
    y_column_name: str | None,
    algorithm: str | None,
    hyperparams: str | None,
    search: str | None,
    search_params: str | None,
    search_args: str | None,
    test_size: float | None,
    test_sampling: str | None,
    preprocess: str | None,
    automatic_deploy: bool | None,
    seed: int | None,
    test_column: str | None,
    time_limit: float | None,
    exclude: str | None,
    metric: str | None,
    materialize_snapshot: bool | None,
    objective: str | None,
) -> list[Result]:
    """Fit models over a relation, or that of the last training; keep the best for the project."""
    started = time.monotonic()
    name = str(helper.check_not_null("project_name", project_name))
    check_name(db, name)
    project = find_project(db, name)
    asked = Asked(
        _task(task, objective),
        relation_name,
        y_column_name,
        exclude,
        test_size,
        test_sampling,
        test_column,
        seed,
    )
    rows = check_rows(db, project, name, asked)
    candidates = wanted(
        rows.task,
        has_few_rows(rows.source),
        rows.split.seed,
        str(helper.check_not_null("algorithm", algorithm)),
        _json("hyperparams", hyperparams),
        search,
        _json("search_params", search_params),
        _json("search_args", search_args),
        json.loads(preprocess or "{}"),
    )
    plan = Plan(**vars(rows), wanted=candidates, metric=metric, limit=time_limit, started=started)
    return [_trained(db, project, name, plan, bool(automatic_deploy), bool(materialize_snapshot))]


def _trained(
    db: Database, project: Project | None, name: str, plan: Plan, may_deploy: bool, is_copied: bool
) -> Result:
    """Return what a training has led to; the project keeps a row of one that failed."""
    try:
        compared = compare(plan)
    except SqlError as error:
        if error.sqlstate == NO_ROWS and plan.holdout is not None:
            return _trained(db, project, name, without_holdout(plan), may_deploy, is_copied)
        if not FAILURES.fullmatch(error.sqlstate):
            raise
        project = project or add_project(db, name, plan.task)
        counted = count_rows(plan.source, plan.split, plan.holdout)
        snapshot = keep_snapshot(db, project, plan, counted, None, is_copied=False)
        model = keep_failure(db, project, snapshot, plan, error)
        db.warning(f"the training failed: {error.message}", error.hint)
        return Result(name, plan.task, "failed", plan.algorithm, model, plan.metric, None, None)
    project = project or add_project(db, name, plan.task)
    snapshot = keep_snapshot(db, project, plan, compared.counted, compared.columns, is_copied=is_copied)
    rival = rival_of(db, project, plan, compared.metric)
    model, status = keep_models(db, project, snapshot, plan, compared, rival, may_deploy=may_deploy)
    best = compared.best
    return Result(
        name,
        plan.task,
        status,
        best["algorithm"],
        model,
        compared.metric,
        best["score"],
        best["metrics"],
    )


def _task(task: str | None, objective: str | None) -> str | None:
    """Return the task, which may be given by either name."""
    if task is not None and objective is not None and task != objective:
        raise MadpyError(
            f"task is {quoted(task)}, and objective {quoted(objective)}",
            hint="give one of them: they mean the same",
        )
    return objective if task is None else task


def _json(name: str, value: str | None) -> dict[str, Any]:
    """Return an argument of type jsonb that has to be an object; {} for NULL."""
    content = json.loads(value or "{}")
    if not isinstance(content, dict):
        raise MadpyError(f"{name} must be an object", hint=f"write it like {name} => '{{\"alpha\": 1}}'")
    return content
