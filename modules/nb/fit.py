"""The rows of the output table and a model for each group, from one step over the data."""

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
        self.found = counted.found
        self.smoothing = smoothing
        self._counted = counted
        self.levels = [feature.levels or [] for feature in self.features.features]

    @property
    def groups(self) -> int:
        return len(self._counted.rows_used)

    @property
    def rows_used(self) -> int:
        return int(self._counted.rows_used.sum())

    @property
    def rows_skipped(self) -> int:
        return int(self._counted.rows_skipped.sum())

    def too_large(self) -> str | None:
        """Return the name of a feature whose squares are out of range, if any."""
        for name, feature in zip(self.features.names, self.found.features, strict=True):
            if isinstance(feature, Numbers) and not np.isfinite(feature.variance[feature.count > 0]).all():
                return name
        return None

    def empty_features(self) -> list[str]:
        """Features that no row has."""
        return [
            name
            for name, feature in zip(self.features.names, self.found.features, strict=True)
            if not feature.count.any()
        ]

    @cached_property
    def _priors(self) -> Array:
        return core.priors(self.found.rows)

    @cached_property
    def _added(self) -> Array:
        """Return what is added to the variances of each feature, shape (G, F); NaN for a category."""
        added = [
            core.added_variance(found)[:, 0] if isinstance(found, Numbers) else np.full(self.groups, np.nan)
            for found in self.found.features
        ]
        return np.stack(added, axis=1)

    @cached_property
    def _known(self) -> list[NDArray[np.bool_]]:
        """Return for each category the levels that each group has; for a number an empty array."""
        return [
            core.seen(found, feature.levels is BOOLEANS) if isinstance(found, Levels) else np.zeros(0, bool)
            for found, feature in zip(self.found.features, self.features.features, strict=True)
        ]

    @cached_property
    def _probabilities(self) -> list[Array]:
        """Return for each category the probabilities of core; for a number an empty array."""
        return [
            core.probabilities(found, known, self.smoothing) if isinstance(found, Levels) else np.zeros(0)
            for found, known in zip(self.found.features, self._known, strict=True)
        ]

    def rows(self) -> tuple[NDArray[np.int64], dict[str, Column]]:
        """The cells of the output table, and the group of each row: by class, feature and level."""
        parts = [self._rows_of(f) for f in range(len(self.features.names))]
        found = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
        order = np.lexsort([found[name] for name in ("level", "feature", "class", "group")])
        found = {name: values[order] for name, values in found.items()}
        is_value = found["level"] >= 0
        is_category = np.array([feature.levels is not None for feature in self.features.features])
        first = np.cumsum([0, *map(len, self.levels)])[found["feature"]]
        return found["group"], {
            "class": Pieces(found["class"], self.classes.labels),
            "prior": self._priors[found["group"], found["class"]],
            "feature": Pieces(found["feature"], self.features.names),
            "kind": Pieces(is_category.astype(np.int64)[found["feature"]], ["numeric", "categorical"]),
            "mean": found["mean"],
            "variance": found["variance"],
            "value": Pieces(
                np.where(is_value, first + found["level"], -1), list(itertools.chain(*self.levels))
            ),
            "probability": found["probability"],
            "count": found["count"],
        }

    def _rows_of(self, f: int) -> dict[str, NDArray[Any]]:
        """Return the rows of a feature: one for each class in each group, of a category for each level."""
        found = self.found.features[f]
        there = self.found.rows > 0
        if isinstance(found, Numbers):
            group, of_class = place = np.nonzero(there)
            level, none = np.full(len(group), -1), np.full(len(group), np.nan)
            figures = {"mean": found.mean[place], "variance": found.variance[place], "probability": none}
        else:
            group, of_class, level = place = np.nonzero(there[:, :, None] & self._known[f][:, None, :])
            none = np.full(len(group), np.nan)
            figures = {"mean": none, "variance": none, "probability": self._probabilities[f][place]}
        feature = np.full(len(group), f)
        numbers = {"group": group, "class": of_class, "feature": feature, "level": level}
        return {**numbers, **figures, "count": found.count[place]}

    def models(self) -> dict[str, Column]:
        """The cells of MODEL_COLUMNS, a row for each group; no model where it has no rows to learn from."""
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
            core.densities(found) if isinstance(found, Numbers) else core.logarithms(probabilities, known)
            for found, probabilities, known in zip(
                self.found.features, self._probabilities, self._known, strict=True
            )
        ]
        return np.concatenate([part.reshape(self.groups, -1) for part in parts], axis=1)
