"""The rows of a fit, and a fitted estimator."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from madpy.worker.columns import Floats
from madpy.worker.details import details_of
from madpy.worker.estimators.by_pieces import ByPieces
from madpy.worker.moments import Moments, moments_of
from madpy.worker.preparation import Learned
from madpy.worker.prepared import Prepared
from madpy.worker.table import Part


@dataclass(frozen=True)
class Rows:
    """The rows of a group that can be used: features, shape (n, k), targets (n, t), weights (n,)."""

    X: Floats
    y: Floats
    weights: Floats | None
    num_skipped: int
    part: Part | None = None  # has the same features, and may know their moments

    @cached_property
    def moments(self) -> Moments:
        """Return the moments of the features."""
        return moments_of(self.X) if self.part is None else self.part.moments


@dataclass(frozen=True)
class Fitted:
    """A fitted estimator, the columns that it was fitted on, with their names, and how they were prepared."""

    prepared: Prepared
    names: list[str]
    learned: list[Learned]
    estimator: Any
    device: str  # its name
    warnings: list[str]

    def said(self) -> dict[str, Any]:
        """Return details of the fit, and its warnings."""
        details = details_of(self.estimator, self.names)
        return {"details": {**details, "device": self.device}, "warnings": self.warnings}


def predictions(estimator: Any, X: Prepared) -> NDArray[Any]:
    """Return what an estimator predicts for rows, shape (n,) or (n, targets)."""
    if isinstance(estimator, ByPieces):
        return estimator.predict_prepared(X)
    return np.asarray(estimator.predict(X.whole))
