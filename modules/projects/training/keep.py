"""The results of a training: a snapshot, a model, the trials of a search, and a deployment."""

import json
import sys
import time
from typing import Any

from madpy import __version__
from madpy.errors import MadpyError
from madpy.helper import helper
from madpy.modules.projects.catalogue import Project
from madpy.modules.projects.schema import write
from madpy.modules.projects.training.compare import Compared, drop_compared
from madpy.modules.projects.training.plan import Plan, Rows
from madpy.modules.projects.training.rival import Rival, is_better
from madpy.modules.projects.training.split import Counted
from madpy.ports.postgres.session.db import Database
from madpy.ports.postgres.session.sql import fill, identifier
from madpy.records import as_dict

COPIED = (
    "algorithm",
    "hyperparams",
    "preprocess",
    "metrics",
    "train_metrics",
    "folds",
    "details",
    "warnings",
)


def keep_snapshot(
    db: Database,
    project: Project,
    rows: Rows,
    counted: Counted,
    columns: dict[str, Any] | None,
    *,
    is_copied: bool,
) -> int:
    """Write what is known of the rows of a training; return the number of the snapshot."""
    db.progress("train: writing")
    split, source = rows.split, rows.source
    facts = {
        "relation_name": source.full_name,
        "y_column_name": split.targets,
        "features": [{"name": name, "type": source.columns[name].definition} for name in rows.features],
        "test_size": split.share,
        "test_sampling": split.sampling,
        "test_column": split.column,
        "seed": split.seed,
        "columns": columns,
        "stored_relation": _copied(db, rows) if is_copied else None,
        **as_dict(counted),
    }
    return write(db, "add_snapshot", "{project:l}::bigint, {facts:l}::jsonb", project=project.id, facts=facts)


def _copied(db: Database, rows: Rows) -> str:
    """Copy the rows of a training into a table of the caller, in the current schema; return its full name."""
    name = db.value(
        "SELECT 'snapshot_' || pg_catalog.to_char(pg_catalog.clock_timestamp(), 'YYYYMMDD_HH24MISS_US')"
    )
    table = helper.check_new_table(db, name)
    splitting = [rows.split.column] if rows.split.column is not None else []
    db.execute(
        "CREATE TABLE {table:i} AS SELECT {columns:q} FROM {source:i}",
        table=table,
        columns=", ".join(map(identifier, dict.fromkeys([*rows.split.hashed, *splitting]))),
        source=rows.source,
    )
    return str(table.full_name)


def keep_failure(db: Database, project: Project, snapshot: int, plan: Plan, error: MadpyError) -> int:
    """Write that a training failed, and why; return the number of its row."""
    facts = {
        "algorithm": plan.algorithm,
        "hyperparams": plan.first["hyperparams"] if len(plan.wanted.candidates) == 1 else {},
        "preprocess": plan.first["preprocess"],
        "search": plan.wanted.search,
        "status": "failed",
        "error": f"{error.message}: {error.detail}" if error.detail else error.message,
        "seed": plan.split.seed,
        **_made(db, plan),
    }
    return _add_model(db, project, snapshot, facts, "NULL::bytea")


def keep_models(
    db: Database,
    project: Project,
    snapshot: int,
    plan: Plan,
    compared: Compared,
    rival: Rival | None,
    *,
    may_deploy: bool,
) -> tuple[int, str]:
    """Write the best model and what was tried; deploy the model if it is better than the one that is.

    Returns the number of the model, and whether it is deployed.
    """
    best = compared.best
    facts = {
        **{name: best[name] for name in COPIED},
        "search": plan.wanted.search,
        "status": "successful",
        "metric": compared.metric,
        "score": best["score"],
        "compared_with": rival and rival.model,
        "compared_score": rival and rival.score,
        "seed": plan.split.seed,
        "num_rows": best["num_rows_processed"],
        **_made(db, plan),
    }
    holes = {"table": compared.table, "best": compared.best_number}
    chosen = fill("(SELECT model FROM {table:i} WHERE candidate = {best:l})", holes)
    model = _add_model(db, project, snapshot, facts, chosen)
    if len(compared.rows) > 1:
        write(db, "add_trials", "{model:l}::bigint, {facts:l}::jsonb", model=model, facts=_trials(compared))
    drop_compared(db, compared)
    if not (may_deploy and is_better(compared, rival)):
        return model, "not deployed"
    write(
        db,
        "deploy",
        "{model:l}::bigint, {strategy:l}::text, {reason:l}::text",
        model=model,
        strategy="best_score",
        reason="the first model" if rival is None else _reason(plan, compared, rival),
    )
    return model, "deployed"


def _reason(plan: Plan, compared: Compared, rival: Rival) -> str:
    if rival.score is None:
        return f"model {rival.model} cannot be scored on these rows"
    reason = (
        f"{compared.metric} is better than {rival.score:.6g}, that of model {rival.model} on the same rows"
    )
    is_tested = plan.holdout is not None or plan.wanted.folds > 0
    return reason if is_tested else f"{reason}, which the new model was fitted on"


def _made(db: Database, plan: Plan) -> dict[str, Any]:
    """Return the facts of a model that do not depend on its training."""
    libraries = {
        "madpy": __version__,
        "server": db.session.server_version,
        "python": sys.version.split()[0],
    }
    return {"duration": f"{time.monotonic() - plan.started:f} seconds", "libraries": libraries}


def _add_model(db: Database, project: Project, snapshot: int, facts: dict[str, Any], model: str) -> int:
    """Write a row of a model, whose bytes SQL returns; return its number."""
    return write(
        db,
        "add_model",
        "{project:l}::bigint, {snapshot:l}::bigint, {facts:l}::jsonb, {model:q}",
        project=project.id,
        snapshot=snapshot,
        facts=facts,
        model=model,
    )


def _trials(compared: Compared) -> str:
    """Return the candidates as a JSON array of what the table of trials has of each."""
    names = ("algorithm", "hyperparams", "status", "error", "score", "metrics", "folds", "rungs", "seconds")
    return json.dumps(
        [
            {
                "trial": row["candidate"],
                "deviation": row["score_deviation"],
                **{name: row[name] for name in names},
            }
            for row in compared.rows
        ]
    )
