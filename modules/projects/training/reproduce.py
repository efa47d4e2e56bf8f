"""reproduce: a model trained again from the rows of the tables of projects, and compared with itself."""

import json
import time
from typing import Any

from madpy.helper import helper
from madpy.modules.projects.models.fitted import get_model, model_item
from madpy.modules.projects.schema import check_writable, own
from madpy.modules.projects.snapshots import snapshot_of, test_rows
from madpy.modules.projects.training.candidates import Wanted
from madpy.modules.projects.training.compare import compare, drop_compared
from madpy.modules.projects.training.plan import Plan
from madpy.ports.postgres.session.db import Database
from madpy.ports.postgres.session.only import in_server
from madpy.records import Record, replace


class Reproduction(Record):
    """Field for field the SQL type reproduction."""

    model_id: int
    data_is_equal: bool
    model_is_equal: bool
    score: float | None
    score_before: float | None


@in_server("reproduce", module="projects")
def reproduce(db: Database, model_id: int | None) -> Reproduction:
    """Train a model again, by its algorithm, hyperparameters, split and seed; tell what is equal."""
    check_writable(db)
    entry = get_model(db, int(helper.check_not_null("model_id", model_id)))
    taken = snapshot_of(db, entry.snapshot_id)
    before = _training(db, entry.id)
    source, holdout = test_rows(db, taken, entry.task)
    db.progress("reproduce: reading")
    wanted = Wanted([before["candidate"]], None, 0, None)
    compared = compare(
        Plan(
            entry.task,
            source,
            taken.feature_names,
            replace(taken.split, seed=before["seed"]),
            holdout,
            wanted,
            before["metric"],
            None,
            time.monotonic(),
        )
    )
    is_equal = db.value(
        "SELECT model IS NOT DISTINCT FROM {model:q} FROM {table:i} WHERE candidate = {best:l}",
        model=model_item(db, entry.id),
        table=compared.table,
        best=compared.best_number,
    )
    drop_compared(db, compared)
    figures = compared.best["metrics"] or {}
    return Reproduction(
        entry.id,
        compared.counted.checksum == taken.checksum,
        bool(is_equal),
        figures.get(compared.metric),
        (before["metrics"] or {}).get(compared.metric),
    )


def _training(db: Database, number: int) -> dict[str, Any]:
    """Return what a model was trained with."""
    (row,) = db.execute(
        """
        SELECT algorithm, hyperparams::text AS hyperparams, preprocess::text AS preprocess, seed, metric,
               metrics::text AS metrics
        FROM {own:i}.models WHERE id = {id:l}
        """,
        own=own(db),
        id=number,
    )
    return {
        "candidate": {
            "algorithm": row["algorithm"],
            "hyperparams": json.loads(row["hyperparams"]),
            "preprocess": json.loads(row["preprocess"]),
        },
        "seed": row["seed"],
        "metric": row["metric"],
        "metrics": json.loads(row["metrics"]) if row["metrics"] else None,
    }
