"""sk_compare: check the arguments, have the worker try candidates, write a row for each and a summary."""

import time
from collections.abc import Sequence
from typing import Any

from madpy.errors import MadpyError
from madpy.helper import helper
from madpy.helper.checks.arguments import quoted
from madpy.helper.features.design import list_features
from madpy.helper.tables.training import Integer, Training, check_tables, create_summary
from madpy.modules.sk.arguments import TASKS, Known, described, header_of, pack_model, task_of, tasks_of
from madpy.modules.sk.outcome import COLUMNS, best_of, row_of
from madpy.modules.sk.output import Output
from madpy.modules.sk.table import Conditions, Table, check_subject
from madpy.modules.sk.trials import Runner, Trial, race, read_candidates, read_halving
from madpy.ports.postgres.scan.source import Source
from madpy.ports.postgres.session.db import Database
from madpy.ports.postgres.session.only import in_server
from madpy.records import as_dict

MOST_FOLDS = 100


class Result(Training, kw_only=True):
    """Field for field the SQL type sk_comparison."""

    task: str
    classes: list[str] | None
    class_type: str | None
    metric: str
    best_candidate: Integer
    best_score: float | None
    seed: int
    columns: dict[str, Any]
    num_rows: int
    num_holdout_rows: int
    hash_sum: str | None


@in_server("sk_compare")
def compare(
    db: Database,
    source_table: str | None,
    output_table: str | None,
    target: str | None,
    features: str | None,
    candidates: str | None,
    task: str | None,
    holdout: str | None,
    folds: int | None,
    fold_groups: str | None,
    fold_order: str | None,
    metric: str | None,
    halving: str | None,
    time_limit: float | None,
    keep: str | None,
    categorical_cols: str | None,
    weights: str | None,
    seed: int | None,
    verbose: bool | None,
    row_hash: str | None,
    holdout_share: float | None,
) -> Result:
    """Fit and score each candidate; create `output_table`, a row per candidate, and its summary."""
    begun = time.monotonic()
    log = db.logger("sk_compare", verbose)
    tables = check_tables(db, source_table, output_table)
    source = tables.source
    number = int(helper.check_range("seed", seed, 0, 2**31 - 1))
    count = _check_folds(folds, fold_groups, fold_order)
    wanted = helper.check_choice("keep", keep, ["all", "best"])
    if time_limit is not None:
        helper.check_range("time_limit", time_limit, 0)
    listed = list_features(source, features, categorical_cols, as_numbers=True)
    trials = read_candidates(candidates)
    halves = read_halving(halving)
    helper.check_choice("task", task, ["auto", *TASKS])
    db.progress("sk_compare: starting the worker")
    known = described(db)
    chosen = _task(source, str(task), target, trials, known)
    judged = _metric(known.metrics[chosen], metric, chosen)
    subject = check_subject(source, chosen, target)
    conditions = Conditions(weights, fold_groups, fold_order, holdout, row_hash, holdout_share, number)
    table = Table(source, listed, subject, conditions)
    request, files = table.request()
    request |= {"task": chosen, "seed": number, "folds": count, "metric": judged}

    def model(trial: Trial, content: dict[str, Any], arrays: Sequence[Any]) -> bytes | None:
        header = header_of(trial.algorithm, chosen, trial.asked, number, table.design, table.target)
        return pack_model(header, content, arrays)

    log(f"{len(trials)} candidate(s) for {chosen} of {', '.join(table.design.names)}, by {judged}")
    deadline = None if time_limit is None else begun + time_limit
    runner = Runner(db, request, files, deadline, table.take, model)
    is_lower_better = known.metrics[chosen][judged] == "lower"
    if halves is None:
        runner.run(trials, len(trials), wanted)
    else:
        race(runner, trials, halves, wanted, is_lower_better=is_lower_better)
    best = best_of(trials, is_lower_better=is_lower_better)
    db.progress("sk_compare: writing")
    output = Output(db, table.scan, tables.output, COLUMNS)
    for trial in trials:
        output.add(0, row_of(trial))
    output.write()
    record = create_summary(
        db,
        tables.summary,
        Result(
            method="sk",
            **tables.fields(),
            target=target,
            features=features,
            feature_names=table.design.names,
            grouping_cols=None,
            options={
                "holdout": holdout, "folds": count, "fold_groups": fold_groups, "fold_order": fold_order,
                "halving": None if halves is None else as_dict(halves), "time_limit": time_limit,
                "keep": wanted, "categorical_cols": categorical_cols, "weights": weights,
                "row_hash": row_hash, "holdout_share": holdout_share,
            },
            num_groups=1,
            num_rows_processed=best.content.get("num_rows", 0),
            num_missing_rows_skipped=best.content.get("num_skipped", 0),
            task=chosen,
            classes=table.classes or None,
            class_type=table.target.sql_type,
            metric=judged,
            best_candidate=Integer(best.number),
            best_score=best.score,
            seed=number,
            columns=table.columns,
            num_rows=table.num_rows,
            num_holdout_rows=table.num_apart,
            hash_sum=table.hash_sum if row_hash is not None else None,
        ),
    )  # fmt: skip
    for warning in best.content.get("warnings") or []:
        db.warning(warning)
    table.scan.close()
    return record


def _check_folds(folds: int | None, fold_groups: str | None, fold_order: str | None) -> int:
    count = int(helper.check_range("folds", folds, 0, MOST_FOLDS))
    if count == 1:
        raise MadpyError("folds must be 0 or at least 2, not 1", hint="give 0 for no folds")
    if fold_groups is not None and fold_order is not None:
        raise MadpyError("folds are by groups or in an order, not both", hint="leave out one of the two")
    for name, value in (("fold_groups", fold_groups), ("fold_order", fold_order)):
        if value is not None and not count:
            raise MadpyError(f"{name} needs folds", hint="set folds to the number of folds")
    return count


def _task(source: Source, task: str, target: str | None, trials: Sequence[Trial], known: Known) -> str:
    """Return the task that all candidates have."""
    common = list(TASKS)
    for one in dict.fromkeys(trial.algorithm for trial in trials):
        tasks = tasks_of(known, one)
        if task != "auto":
            task_of(source, task, target, one, tasks)
        common = [name for name in common if name in tasks]
    if not common:
        raise MadpyError("no task is common to all candidates", hint="give candidates for one task")
    return task_of(source, task, target, trials[0].algorithm, common)


def _metric(metrics: dict[str, str], metric: str | None, task: str) -> str:
    if metric is None:
        return next(iter(metrics))
    if metric not in metrics:
        raise MadpyError(
            f"there is no metric {quoted(metric)} for {task}", hint=f"these are: {', '.join(metrics)}"
        )
    return metric
