"""What a step over the data gives: the rows of the output table, and a model for each group."""

import math
from collections.abc import Callable, Iterable, Iterator
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from madpy.helper.features import BOOLEANS
from madpy.modules.nb import core
from madpy.modules.nb.core import Levels, Numbers
from madpy.modules.nb.count import Counted
from madpy.modules.nb.model import Texts

Array = NDArray[np.float64]
Row = tuple[int, list[Any]]

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
MODEL_COLUMNS = [
    ("num_rows_processed", "bigint"),
    ("num_missing_rows_skipped", "bigint"),
    ("added_variance", "double precision"),
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
        """A feature whose squares are out of range."""
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
        return core.added_variance(self.found.features, self.groups)

    @cached_property
    def _known(self) -> list[NDArray[np.bool_]]:
        """Of each category, the levels that each group has; of a number nothing."""
        return [
            core.seen(found, feature.levels is BOOLEANS) if isinstance(found, Levels) else np.zeros(0, bool)
            for found, feature in zip(self.found.features, self.features.features, strict=True)
        ]

    @cached_property
    def _probabilities(self) -> list[Array]:
        """Of each category, as core.probabilities; of a number nothing."""
        return [
            core.probabilities(found, known, self.smoothing) if isinstance(found, Levels) else np.zeros(0)
            for found, known in zip(self.found.features, self._known, strict=True)
        ]

    def rows(self) -> Iterator[Row]:
        """Of the output table: for each group, its classes and features a row, or one for each level."""
        names = self.features.names
        for g in range(self.groups):
            classes = np.flatnonzero(self.found.rows[g]).tolist()
            priors = self._priors[g].tolist()
            of_features = [self._rows_of(f, names[f], g) for f in range(len(names))]
            for c in classes:
                begin = [self.classes.labels[c], priors[c]]
                for of_classes in of_features:
                    for row in of_classes(c):
                        yield g, begin + row

    def _rows_of(self, f: int, name: str, g: int) -> Callable[[int], Iterable[list[Any]]]:
        """What a group knows of a feature, by class, without the class; lists, which are faster in small."""
        found = self.found.features[f]
        if isinstance(found, Numbers):
            means, variances = found.mean[g].tolist(), found.variance[g].tolist()
            counts = found.count[g].astype(int).tolist()
            return lambda c: [
                [name, "numeric", _number(means[c]), _number(variances[c]), None, None, counts[c]]
            ]
        known = np.flatnonzero(self._known[f][g])
        values = [self.levels[f][level] for level in known]
        return lambda c: (
            [name, "categorical", None, None, value, probability, count]
            for value, probability, count in zip(
                values,
                self._probabilities[f][g, c, known].tolist(),
                found.count[g, c, known].astype(int).tolist(),
                strict=True,
            )
        )

    def models(self) -> Iterator[Row]:
        """Of the summary table: a row for each group; no model where it has no rows to learn from."""
        with np.errstate(divide="ignore"):
            priors = np.log(self._priors)
        models = Texts.of(self.features, self.classes, self.smoothing).models(priors, self._terms())
        for g in range(self.groups):
            used, added = int(self._counted.rows_used[g]), float(self._added[g, 0])
            model = models[g] if used else None
            yield g, [used, int(self._counted.rows_skipped[g]), added if used else None, model]

    def _terms(self) -> Array:
        """What features add to the logarithm of a class's probability, in the order of src/nb_predict.c."""
        parts = [
            core.densities(found, self._added)
            if isinstance(found, Numbers)
            else core.logarithms(probabilities, known)
            for found, probabilities, known in zip(
                self.found.features, self._probabilities, self._known, strict=True
            )
        ]
        return np.concatenate([part.reshape(self.groups, -1) for part in parts], axis=1)


def _number(value: float) -> float | None:
    return None if math.isnan(value) else value
