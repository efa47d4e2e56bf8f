"""The rows of the output table and the model of each group, computed from the counts of one pass."""

import itertools
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from madpy.helper.features.design import BOOLEANS
from madpy.helper.tables.output import Column, Pieces
from madpy.modules.nb import core
from madpy.modules.nb.core import Levels, Numbers
from madpy.modules.nb.count import Counted
from madpy.modules.nb.model import Texts

Array = NDArray[np.float64]

COLUMNS = [
    ("class", "text"),
    ("prior", "double precision"),
    ("feature", "text"),
    ("kind", "text"),
    ("mean", "double precision"),
    ("variance", "double precision"),
    ("value", "text"),
    ("probability", "double precision"),
    ("count", "bigint"),
]
WEIGHTED_COLUMNS = [*COLUMNS[:-1], ("count", "double precision")]  # sums of weights
MODEL_COLUMNS = [
    ("num_rows_processed", "bigint"),
    ("num_missing_rows_skipped", "bigint"),
    ("added_variance", "double precision[]"),
    ("model", "bytea"),
]


class Fit:
    """The models of all groups."""

    def __init__(self, counted: Counted, smoothing: float) -> None:
        self.features = counted.features
        self.classes = counted.classes
        self.statistics = counted.statistics
        self.smoothing = smoothing
        self._counted = counted
        self.levels = [feature.levels or [] for feature in self.features.features]

    @property
    def groups(self) -> int:
        return len(self._counted.rows_used)

    @property
    def rows_of_groups(self) -> NDArray[np.int64]:
        return self._counted.rows_used

    @property
    def rows_used(self) -> int:
        return int(self._counted.rows_used.sum())

    @property
    def rows_skipped(self) -> int:
        return int(self._counted.rows_skipped.sum())

    def too_large(self) -> str | None:
        """Return the name of a feature whose squares are out of range, if any."""
        for name, feature in zip(self.features.names, self.statistics.features, strict=True):
            if isinstance(feature, Numbers) and not np.isfinite(feature.variance[feature.count > 0]).all():
                return name
        return None

    def empty_features(self) -> list[str]:
        """List the features that are NULL in all rows."""
        return [
            name
            for name, feature in zip(self.features.names, self.statistics.features, strict=True)
            if not feature.count.any()
        ]

    @cached_property
    def _priors(self) -> Array:
        return core.priors(self.statistics.rows)

    @cached_property
    def _added(self) -> Array:
        """Return what is added to the variances of each feature, shape (G, F); NaN for a category."""
        added = [
            core.added_variance(stats)[:, 0] if isinstance(stats, Numbers) else np.full(self.groups, np.nan)
            for stats in self.statistics.features
        ]
        return np.stack(added, axis=1)

    @cached_property
    def _known(self) -> list[NDArray[np.bool_]]:
        """Return for each category the levels that each group has; for a number an empty array."""
        return [
            core.seen(stats, feature.levels is BOOLEANS) if isinstance(stats, Levels) else np.zeros(0, bool)
            for stats, feature in zip(self.statistics.features, self.features.features, strict=True)
        ]

    @cached_property
    def _probabilities(self) -> list[Array]:
        """Return for each category the probabilities of core; for a number an empty array."""
        return [
            core.probabilities(stats, known, self.smoothing) if isinstance(stats, Levels) else np.zeros(0)
            for stats, known in zip(self.statistics.features, self._known, strict=True)
        ]

    def rows(self) -> tuple[NDArray[np.int64], dict[str, Column]]:
        """Return the columns of the output table, and the group of each row: by class, feature and level."""
        parts = [self._rows_of(f) for f in range(len(self.features.names))]
        cells = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
        order = np.lexsort([cells[name] for name in ("level", "feature", "class", "group")])
        cells = {name: values[order] for name, values in cells.items()}
        is_value = cells["level"] >= 0
        is_category = np.array([feature.levels is not None for feature in self.features.features])
        first = np.cumsum([0, *map(len, self.levels)])[cells["feature"]]
        return cells["group"], {
            "class": Pieces(cells["class"], self.classes.labels),
            "prior": self._priors[cells["group"], cells["class"]],
            "feature": Pieces(cells["feature"], self.features.names),
            "kind": Pieces(is_category.astype(np.int64)[cells["feature"]], ["numeric", "categorical"]),
            "mean": cells["mean"],
            "variance": cells["variance"],
            "value": Pieces(
                np.where(is_value, first + cells["level"], -1), list(itertools.chain(*self.levels))
            ),
            "probability": cells["probability"],
            "count": cells["count"],
        }

    def _rows_of(self, f: int) -> dict[str, NDArray[Any]]:
        """Return the rows of a feature: one for each class in each group, of a category for each level."""
        stats = self.statistics.features[f]
        there = self.statistics.rows > 0
        if isinstance(stats, Numbers):
            group, of_class = position = np.nonzero(there)
            level, none = np.full(len(group), -1), np.full(len(group), np.nan)
            figures = {
                "mean": stats.mean[position],
                "variance": stats.variance[position],
                "probability": none,
            }
        else:
            group, of_class, level = position = np.nonzero(there[:, :, None] & self._known[f][:, None, :])
            none = np.full(len(group), np.nan)
            figures = {"mean": none, "variance": none, "probability": self._probabilities[f][position]}
        feature = np.full(len(group), f)
        numbers = {"group": group, "class": of_class, "feature": feature, "level": level}
        return {**numbers, **figures, "count": stats.count[position]}

    def models(self) -> dict[str, Column]:
        """Return MODEL_COLUMNS with a row for each group; the model is NULL if no row of it is usable."""
        with np.errstate(divide="ignore"):
            priors = np.log(self._priors)
        models = Texts.of(self.features, self.classes, self.smoothing).models(priors, self._terms())
        used = self._counted.rows_used
        return {
            "num_rows_processed": used,
            "num_missing_rows_skipped": self._counted.rows_skipped,
            "added_variance": np.where(used[:, None] > 0, self._added, np.nan),
            "model": Pieces.of([model if rows else None for model, rows in zip(models, used, strict=True)]),
        }

    def _terms(self) -> Array:
        """Return what features add to the logarithm of a class's probability, ordered as in nb_predict.c."""
        parts = [
            core.densities(stats) if isinstance(stats, Numbers) else core.logarithms(probabilities, known)
            for stats, probabilities, known in zip(
                self.statistics.features, self._probabilities, self._known, strict=True
            )
        ]
        return np.concatenate([part.reshape(self.groups, -1) for part in parts], axis=1)
