"""train: split the rows, have candidates fitted and compared, keep the best, deploy it if it is better."""

import json
import time
from typing import Any

from madpy.errors import MadpyError, SqlError
from madpy.helper import helper
from madpy.helper.checks.arguments import quoted
from madpy.modules.projects.candidates import wanted
from madpy.modules.projects.catalogue import Project, add_project, check_name, find_project
from madpy.modules.projects.compare import compare
from madpy.modules.projects.features import targets_and_features
from madpy.modules.projects.keep import keep_failure, keep_models, keep_snapshot
from madpy.modules.projects.plan import Plan
from madpy.modules.projects.rival import rival_of
from madpy.modules.projects.snapshots import last_snapshot
from madpy.modules.projects.split import Split, check_split, count_rows
from madpy.ports.postgres.session.db import Database
from madpy.ports.postgres.session.only import in_server
from madpy.records import Record, replace

TASKS = ("regression", "classification", "clustering", "decomposition")
SUPERVISED = ("regression", "classification")
FAILURES = ("53200", "58000")  # SQLSTATEs of a worker that has no memory left, or that has ended


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


@in_server("train", is_set=True)
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
    number = int(helper.check_range("seed", seed, 0, 2**31 - 1))
    check_name(db, name)
    project = find_project(db, name)
    chosen = _task(project, name, task or objective)
    before = last_snapshot(db, project.id) if project and relation_name is None else None
    relation = before.relation_name if before else helper.check_not_null("relation_name", relation_name)
    source = helper.check_source(db, relation, "relation_name")
    targets, features = targets_and_features(source, y_column_name, exclude, before, chosen in SUPERVISED)
    db.progress("train: reading")
    share, sampling = check_split(source, chosen, test_size, test_sampling, test_column)
    split = Split(share, sampling, test_column, number, [*targets, *features], targets)
    holdout = split.holdout(source) if chosen in SUPERVISED else None
    counted = count_rows(source, split, holdout)
    if holdout and not 0 < counted.test_row_count < counted.row_count:
        holdout, counted = None, replace(counted, test_row_count=0)
        db.warning("the rows are too few to keep some for testing: the figures are of the rows fitted on")
    candidates = wanted(
        chosen,
        counted.row_count,
        number,
        str(helper.check_not_null("algorithm", algorithm)),
        _json("hyperparams", hyperparams),
        search,
        _json("search_params", search_params),
        _json("search_args", search_args),
        json.loads(preprocess or "{}"),
    )
    plan = Plan(chosen, source, features, counted, split, holdout, candidates, metric, time_limit, started)
    return [_trained(db, project, name, plan, bool(automatic_deploy), bool(materialize_snapshot))]


def _trained(
    db: Database, project: Project | None, name: str, plan: Plan, may_deploy: bool, is_copied: bool
) -> Result:
    """Return what a training has led to; where the worker failed, the project keeps a row that says so."""
    try:
        compared = compare(plan)
    except SqlError as error:
        if error.sqlstate not in FAILURES:
            raise
        project = project or add_project(db, name, plan.task)
        snapshot = keep_snapshot(db, project, plan, None, is_copied=False)
        model = keep_failure(db, project, snapshot, plan, error)
        db.warning(f"the training failed: {error.message}")
        return Result(name, plan.task, "failed", plan.algorithm, model, plan.metric, None, None)
    project = project or add_project(db, name, plan.task)
    snapshot = keep_snapshot(db, project, plan, compared.columns, is_copied=is_copied)
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


def _task(project: Project | None, name: str, given: str | None) -> str:
    """Return the task of a project: the one given, or that of the project."""
    if given is None:
        if project is None:
            raise MadpyError(
                f"project {quoted(name)} does not exist",
                sqlstate="42704",
                hint=f"give its task: {', '.join(TASKS)}",
            )
        return project.task
    chosen = helper.check_choice("task", given, TASKS)
    if project is not None and project.task != chosen:
        raise MadpyError(
            f"project {quoted(name)} is for {project.task}, not for {chosen}",
            hint="choose another project_name",
        )
    return chosen


def _json(name: str, value: str | None) -> dict[str, Any]:
    """Return an argument of type jsonb that has to be an object; {} for NULL."""
    content = json.loads(value or "{}")
    if not isinstance(content, dict):
        raise MadpyError(f"{name} must be an object", hint=f"write it like {name} => '{{\"alpha\": 1}}'")
    return content
