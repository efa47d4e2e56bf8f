"""Passes over the rows of all groups: a sample of them, and what each centroid gets."""

import numpy as np

from madpy.errors import MadpyError
from madpy.modules.kmeans import layout
from madpy.modules.kmeans.check import Settings
from madpy.modules.kmeans.core import Array
from madpy.modules.kmeans.layout import Assignment, Sample
from madpy.ports.postgres.scan import Scan
from madpy.ports.postgres.states import States

PER_CLUSTER = 200  # points of a sample, while they are between these two
FEWEST, MOST = 1000, 20_000
SAMPLE_NUMBERS = 8 * 1024 * 1024  # of all groups together


def sample_size(k: int, d: int, groups: int) -> int:
    """Points of a sample, for each group; never fewer than k."""
    room = SAMPLE_NUMBERS // ((d + 3) * max(1, groups))
    return max(k, min(room, max(FEWEST, min(MOST, PER_CLUSTER * k))))


def take_sample(scan: Scan, settings: Settings, d: int) -> Sample:
    """Of each group, the first pass: distinct points, and what bounds there are."""
    groups = len(scan.group_values)
    size = sample_size(settings.k, d, groups)
    params = np.tile(layout.sample_parameters(settings.seed, size), (groups, 1))
    return Sample.read(_step(scan, "kmeans_sample", params), size, d)


def assign(
    scan: Scan,
    settings: Settings,
    mode: int,
    bounds: Array,
    centroids: Array,
    seed: int = 0,
) -> Assignment:
    """Each row to its nearest centroid; centroids: (G, k, d)."""
    params = layout.parameters(settings.distance, mode, seed, bounds, centroids)
    return Assignment.read(_step(scan, "kmeans", params), *centroids.shape[1:])


def _step(scan: Scan, kernel: str, params: Array) -> States:
    groups = len(params)
    nothing = States(np.zeros(groups, np.int64), np.zeros(groups, np.int64), np.zeros((groups, 0)))
    given = params if scan.rows.groups else params[0]  # a constant leaves parallel workers on
    states = scan.step(kernel, given) if groups else nothing
    found = len(states.rows_used)
    if found == 0:  # there is no row
        return nothing
    if found != groups:
        raise MadpyError(
            f'table "{scan.rows.source.name}" was changed while it was read: {groups} groups became {found}',
            sqlstate="40001",
            hint="try again, in a transaction that is REPEATABLE READ",
        )
    return states
