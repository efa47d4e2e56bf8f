"""Passes over the rows of all groups: a sample, and the assignment of rows to centroids."""

import numpy as np
from numpy.typing import NDArray

from madpy.errors import MadpyError
from madpy.modules.kmeans.check import Settings
from madpy.modules.kmeans.core import Array
from madpy.modules.kmeans.layout import Mode
from madpy.modules.kmeans.states import (
    Assignment,
    Sample,
    farthest_distances,
    joined,
    parameters,
    sample_parameters,
)
from madpy.ports.postgres.scan.scan import Scan
from madpy.ports.postgres.scan.states import States

Numbers = NDArray[np.int64]  # numbers of some groups, rising

NUMBERS_PER_STEP = 500_000  # numbers of states in one step over a store: they stay in the cache

PER_CLUSTER = 200  # points of a sample, while they are between these two
FEWEST, MOST = 1000, 20_000
SAMPLE_NUMBERS = 8 * 1024 * 1024  # numbers of all groups together


def sample_size(k: int, d: int, groups: int) -> int:
    """Return the number of points in the sample of each group; never fewer than k."""
    fitting = SAMPLE_NUMBERS // ((d + 3) * max(1, groups))
    return max(k, min(fitting, max(FEWEST, min(MOST, PER_CLUSTER * k))))


def take_sample(scan: Scan, settings: Settings, d: int) -> Sample:
    """Run the first pass: distinct points of each group, and the range of each feature."""
    groups = np.arange(len(scan.group_values))
    size = sample_size(settings.k, d, len(groups))
    params = sample_parameters(settings.seed, size)
    samples = []
    for part in _parts(scan, groups, size * d):
        states = _step(scan, "kmeans_sample", np.tile(params, (len(part), 1)), part)
        samples.append(Sample.read(states, size, d, bool(scan.rows.scalars)))
    return joined(samples)


def assign(
    scan: Scan,
    settings: Settings,
    mode: Mode,
    sample: Sample,
    centroids: Array,
    which: Numbers,
    seed: int = 0,
    reach: Array | None = None,
) -> Assignment:
    """Assign each row of the groups `which` to its nearest centroid; centroids: (G, k, d).

    reach: a bound on these distances, (G,), where a better one is known than the range of the features.
    """
    _, k, d = centroids.shape
    bounds = sample.bounds
    assignments = []
    for part in _parts(scan, which, 4 * k * d):
        own = reach[part] if reach is not None else farthest(settings, sample, centroids, part)
        params = parameters(settings.distance, mode, seed, bounds[part], own, centroids[part])
        assignments.append(
            Assignment.read(_step(scan, "kmeans", params, part), k, d, bool(scan.rows.scalars), mode)
        )
    return joined(assignments)


def farthest(settings: Settings, sample: Sample, centroids: Array, which: Numbers) -> Array:
    """Return a bound on weight times distance of the rows of the groups `which` from the centroids."""
    most = farthest_distances(settings.distance, sample.low[which], sample.high[which], centroids[which])
    return most * sample.weight[which]


def _parts(scan: Scan, which: Numbers, numbers: int) -> list[Numbers]:
    """Split groups into parts for one step each, of limited size in a store; all at once when streaming."""
    size = len(which) if scan.feed == "streaming" else NUMBERS_PER_STEP // numbers
    return [which[first : first + max(1, size)] for first in range(0, max(1, len(which)), max(1, size))]


def _step(scan: Scan, kernel: str, params: Array, which: Numbers) -> States:
    """Run a pass of a kernel, or of its weighted form, over some groups; params: a row for each group."""
    groups = len(params)
    nothing = States(np.zeros(groups, np.int64), np.zeros(groups, np.int64), np.zeros((groups, 0)))
    given = params if scan.rows.groups else params[0]  # a constant leaves parallel workers on
    kernel = f"weighted_{kernel}" if bool(scan.rows.scalars) else kernel
    states = scan.step(kernel, given, which.tolist()) if groups else nothing
    count = len(states.rows_used)
    if count == 0:  # there is no row
        return nothing
    if count != groups:
        raise MadpyError(
            f'table "{scan.rows.source.name}" was changed while it was read: {groups} groups became {count}',
            sqlstate="40001",
            hint="try again, in a transaction that is REPEATABLE READ",
        )
    return states
