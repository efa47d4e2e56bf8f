"""The outcome of a comparison: the best candidate, and the rows of the output table."""

from collections.abc import Sequence
from typing import Any

from madpy.modules.sk.core import ranked
from madpy.modules.sk.trials import Trial, failure

COLUMNS = [
    ("candidate", "integer"),
    ("algorithm", "text"),
    ("hyperparams", "jsonb"),
    ("preprocess", "jsonb"),
    ("status", "text"),
    ("error", "text"),
    ("metrics", "jsonb"),
    ("train_metrics", "jsonb"),
    ("folds", "jsonb"),
    ("score", "double precision"),
    ("score_deviation", "double precision"),
    ("seconds", "double precision"),
    ("num_rows_processed", "bigint"),
    ("num_missing_rows_skipped", "bigint"),
    ("num_test_rows", "bigint"),
    ("details", "jsonb"),
    ("warnings", "jsonb"),
    ("rungs", "jsonb"),
    ("model", "bytea"),
]
ANSWERS = {  # fields of the worker's answer that have other names than their columns
    "folds": "fold_metrics", "score_deviation": "deviation", "num_rows_processed": "num_rows",
    "num_missing_rows_skipped": "num_skipped",
}  # fmt: skip


def best_of(trials: Sequence[Trial], *, is_lower_better: bool) -> Trial:
    """Return the best candidate; raise an error if there is none."""
    fitted = [one for one in trials if one.status == "successful"]
    if not fitted:
        raise failure(trials)
    return fitted[ranked([one.score for one in fitted], is_lower_better=is_lower_better)[0]]


def row_of(trial: Trial) -> list[Any]:
    """Return the row of a candidate: the values of COLUMNS."""
    answer = trial.content if trial.status in ("successful", "dropped") else {}
    own = {
        "candidate": trial.number,
        **{name: getattr(trial, name) for name in ("algorithm", "hyperparams", "preprocess")},
        **{name: getattr(trial, name) for name in ("status", "error", "score", "model")},
        "seconds": None if trial.status == "skipped" else trial.seconds,
        "rungs": trial.rungs or None,
    }
    return [own[name] if name in own else answer.get(ANSWERS.get(name, name)) for name, _ in COLUMNS]
