"""Importance of features by figures that a training of sk has written beside its model."""

import json
import statistics
from collections.abc import Sequence
from typing import Any

from madpy.errors import MadpyError

METHODS = ("auto", "coefficients", "impurity", "permutation")
DETAILS = {"coefficients": "coef", "impurity": "importances"}  # names in the details of a fit

Row = dict[str, Any]


def rows_of_details(texts: Sequence[str | None]) -> list[Row]:
    """Return a row for each column: absolute figures, means over outputs and groups.

    `texts` has a JSON text of each group: figures by the names of columns, or a list of them, one for each
    output.  There are no rows where one of them is something else.
    """
    contents = [json.loads(text) if text else None for text in texts]
    outputs: list[Any] = [
        one for content in contents for one in (content if isinstance(content, list) else [content])
    ]
    if not outputs or any(not isinstance(one, dict) or one.keys() != outputs[0].keys() for one in outputs):
        return []
    if not all(isinstance(figure, int | float) for one in outputs for figure in one.values()):
        return []
    return [
        {
            "feature": column,
            "importance": statistics.fmean(abs(float(one[column])) for one in outputs),
            "deviation": None,
        }
        for column in outputs[0]
    ]


def no_figures(method: str) -> MadpyError:
    """Return the error for a model that has no figures of this kind."""
    return MadpyError(f"the model has no {method}", hint="choose method => 'permutation'")


def in_order(rows: Sequence[Row], method: str) -> list[Row]:
    """Return rows with the name of the method, the largest first."""
    return [{**row, "method": method} for row in sorted(rows, key=lambda row: -row["importance"])]
