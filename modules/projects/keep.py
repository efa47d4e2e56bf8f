"""The results of a training: a snapshot, a model, the trials of a search, and a deployment."""

import json
import sys
import time

from madpy import __version__
from madpy.modules.projects.candidates import Wanted
from madpy.modules.projects.catalogue import Project
from madpy.modules.projects.compare import Compared, drop_compared
from madpy.modules.projects.rival import Rival, is_better
from madpy.modules.projects.schema import write
from madpy.modules.projects.snapshots import checksum_item
from madpy.modules.projects.split import Split
from madpy.ports.postgres.scan.source import Source
from madpy.ports.postgres.session.db import Database


def keep_snapshot(
    db: Database,
    project: Project,
    source: Source,
    split: Split,
    features: list[str],
    compared: Compared,
    holdout: str | None,
    is_copied: bool,
) -> int:
    """Write what is known of the rows of a training; return the number of the snapshot."""
    db.progress("train: writing")
    counted = db.execute(
        """
        SELECT count(*) AS row_count, count(*) FILTER (WHERE {holdout:q}) AS test_row_count,
               {checksum:q} AS checksum
        FROM {source:i}
        """,
        checksum=checksum_item(db, split.hashed),
        holdout=holdout or "false",
        source=source,
    )[0]
    facts = {
        "relation_name": source.full_name,
        "y_column_name": split.targets,
        "features": [{"name": name, "type": source.columns[name].definition} for name in features],
        "test_size": split.share,
        "test_sampling": split.sampling,
        "test_column": split.column,
        "seed": split.seed,
        "columns": compared.columns,
        **counted,
    }
    return write(db, "add_snapshot", "{project:l}::bigint, {facts:l}::jsonb", project=project.id, facts=facts)


def keep_models(
    db: Database,
    project: Project,
    snapshot: int,
    compared: Compared,
    wanted: Wanted,
    seed: int,
    started: float,
    may_deploy: bool,
    rival: Rival | None,
) -> tuple[int, str]:
    """Write the best model and what was tried; deploy the model if it is better than the one that is.

    Returns the number of the model, and whether it is deployed.
    """
    best = compared.best
    names = (
        "algorithm",
        "hyperparams",
        "preprocess",
        "metrics",
        "train_metrics",
        "folds",
        "details",
        "warnings",
    )
    facts = {
        **{name: best[name] for name in names},
        "search": wanted.search,
        "status": "successful",
        "metric": compared.metric,
        "score": best["score"],
        "compared_with": rival and rival.model,
        "compared_score": rival and rival.score,
        "seed": seed,
        "num_rows": best["num_rows_processed"],
        "duration": f"{time.monotonic() - started:f} seconds",
        "libraries": {
            "madpy": __version__,
            "server": db.session.server_version,
            "python": sys.version.split()[0],
        },
    }
    model = write(
        db,
        "add_model",
        "{project:l}::bigint, {snapshot:l}::bigint, {facts:l}::jsonb,"
        " (SELECT model FROM {table:i} WHERE candidate = {best:l})",
        project=project.id,
        snapshot=snapshot,
        facts=facts,
        table=compared.table,
        best=compared.best_number,
    )
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
        reason="the first model" if rival is None else _reason(compared, rival),
    )
    return model, "deployed"


def _reason(compared: Compared, rival: Rival) -> str:
    if rival.score is None:
        return f"model {rival.model} cannot be scored on these rows"
    return f"{compared.metric} is better than {rival.score:.6g}, that of model {rival.model} on the same rows"


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
