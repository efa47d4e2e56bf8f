"""The outcome of a comparison: the best candidate, and the columns of the output table."""

from collections.abc import Sequence

import numpy as np

from madpy.helper.tables.output import Column, Pieces
from madpy.modules.sk.arguments import pieces
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
ANSWERS = {  # columns and fields of the worker's answer
    "numbers": {
        "score_deviation": "deviation", "num_rows_processed": "num_rows",
        "num_missing_rows_skipped": "num_skipped", "num_test_rows": "num_test_rows",
    },
    "objects": {
        "metrics": "metrics", "train_metrics": "train_metrics", "folds": "fold_metrics", "details": "details",
        "warnings": "warnings",
    },
}  # fmt: skip


def best_of(trials: Sequence[Trial], *, is_lower_better: bool) -> Trial:
    """Return the best candidate; raise an error if there is none."""
    fitted = [one for one in trials if one.status == "successful"]
    if not fitted:
        raise failure(trials)
    return fitted[ranked([one.score for one in fitted], is_lower_better=is_lower_better)[0]]


def cells_of(trials: Sequence[Trial]) -> dict[str, Column]:
    """Return the columns of the output table."""
    answers = [one.content if one.status in ("successful", "dropped") else {} for one in trials]
    return {
        "candidate": np.array([one.number for one in trials], float),
        "algorithm": Pieces.of([one.algorithm for one in trials]),
        "hyperparams": pieces([one.hyperparams for one in trials]),
        "preprocess": pieces([one.preprocess for one in trials]),
        "status": Pieces.of([one.status for one in trials]),
        "error": Pieces.of([one.error for one in trials]),
        "score": np.array([one.score for one in trials], float),
        "seconds": np.array([one.seconds if one.status != "skipped" else None for one in trials], float),
        "rungs": pieces([one.rungs or None for one in trials]),
        "model": Pieces.of([one.model for one in trials]),
        **{
            column: np.array([one.get(name) for one in answers], float)
            for column, name in ANSWERS["numbers"].items()
        },
        **{column: pieces([one.get(name) for one in answers]) for column, name in ANSWERS["objects"].items()},
    }
