"""Lloyd's iterations: assign rows to the nearest centroid and move centroids to means, to convergence."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from madpy.modules.kmeans import core
from madpy.modules.kmeans.check import Settings
from madpy.modules.kmeans.core import Array
from madpy.modules.kmeans.layout import Mode
from madpy.modules.kmeans.passes import Numbers, assign, farthest
from madpy.modules.kmeans.states import Assignment, Sample, nearer
from madpy.ports.postgres.scan.scan import Scan
from madpy.ports.postgres.session.db import Database

CONVERGED, STOPPED, NO_ROWS = "converged", "max_iter reached", "no rows to use"


@dataclass(frozen=True)
class Fit:
    """The final clusters of G groups."""

    centroids: Array  # (G, k, d), NaN where there is none
    sizes: Array  # (G, k): rows, or the sums of their weights
    within: Array  # (G, k): sums of distances
    silhouettes: Array  # (G, k): means; NaN of empty clusters, and of one alone
    iterations: NDArray[np.int64]  # (G,)
    converged: NDArray[np.bool_]  # (G,)

    @cached_property
    def inertia(self) -> Array:
        """Return the inertia of each group, shape (G,)."""
        total: Array = self.within.sum(axis=1)
        return total

    @cached_property
    def silhouette(self) -> Array:
        """Return the mean silhouette over the rows of each group, shape (G,)."""
        rows = self.sizes.sum(axis=1)
        total = np.where(self.sizes > 0, self.silhouettes * self.sizes, 0).sum(axis=1)
        mean: Array = np.divide(total, rows, out=np.full(len(rows), np.nan), where=rows > 0)
        return mean

    @cached_property
    def exit_reasons(self) -> list[str]:
        reasons = [CONVERGED if done else STOPPED for done in self.converged]
        return [
            reason if number else NO_ROWS for reason, number in zip(reasons, self.iterations, strict=True)
        ]


def iterate(
    db: Database,
    scan: Scan,
    settings: Settings,
    sample: Sample,
    centroids: Array,
    label: str,
    log: Callable[[str], None],
) -> Fit:
    """Run Lloyd's iterations over the groups that have not converged.

    Source: Lloyd (1982), Least squares quantization in PCM.
    """
    groups, k, _ = centroids.shape
    centroids = centroids.copy()
    inertia = np.zeros(groups)
    iterations = np.zeros(groups, np.int64)
    going = np.flatnonzero(sample.rows_used > 0)
    reach = farthest(settings, sample, centroids, np.arange(groups))

    def step(mode: Mode, which: Numbers) -> Assignment:
        return assign(scan, settings, mode, sample, centroids, which, reach=reach)

    for number in range(1, settings.max_iter + 1):
        db.progress(f"{label}: iteration {number} of {settings.max_iter}")
        assignment = step(Mode.ASSIGN, going)
        old = centroids[going]
        moved = core.means(assignment.sizes, assignment.sums, old, settings.distance)
        empty = (assignment.sizes == 0) & ~np.isnan(old[..., 0])
        some = empty.any(axis=1)
        if some.any():
            moved[some] = _reseeded(moved[some], empty[some], step(Mode.FARTHEST, going[some]), log)
        inertia[going] = assignment.distances.sum(axis=1)
        limit = core.limits(
            inertia[going], assignment.sizes.sum(axis=1), settings.tolerance, settings.distance
        )
        way = core.moves(old, moved, settings.distance)
        iterations[going] = number
        centroids[going] = moved
        near = nearer(settings.distance, reach[going], inertia[going], way, sample.weight[going])
        reach[going] = np.minimum(near, farthest(settings, sample, centroids, going))
        going = going[(way > limit) | some]
        log(_iteration_message(number, inertia, way, len(going)))
        if len(going) == 0:
            break
    log(f"exit: {STOPPED}" if len(going) else f"exit: {CONVERGED}, no centroid moves more than the tolerance")
    final = step(Mode.QUALITY, np.arange(groups))
    alone = (~np.isnan(centroids[..., 0])).sum(axis=1, keepdims=True) < 2
    return Fit(
        centroids,
        final.sizes,
        final.distances,
        np.divide(
            final.silhouettes,
            final.sizes,
            out=np.full((groups, k), np.nan),
            where=(final.sizes > 0) & ~alone,
        ),
        iterations,
        ~np.isin(np.arange(groups), going),
    )


def _reseeded(
    centroids: Array, empty: NDArray[np.bool_], farthest_rows: Assignment, log: Callable[[str], None]
) -> Array:
    """Put centroids of empty clusters at the rows farthest from their centroids; NaN without such a row."""
    log(f"{empty.sum()} cluster(s) without a row begin again at the rows farthest from their centroids")
    position = np.minimum(np.cumsum(empty, axis=1) - 1, empty.shape[1] - 1).clip(0)
    there = np.take_along_axis(farthest_rows.kept.times, position, axis=1) > 0
    rows = np.take_along_axis(farthest_rows.kept.rows, position[:, :, None], axis=1)
    return np.where(empty[:, :, None], np.where(there[:, :, None], rows, np.nan), centroids)


def _iteration_message(number: int, inertia: Array, way: Array, going: int) -> str:
    text = f"iteration {number}: inertia {inertia.sum():.10g}"
    if len(inertia) > 1:
        return f"{text}, {going} of {len(inertia)} groups go on"
    return f"{text}, the farthest a centroid moved is {way[0]:.3g}" if len(way) else text
