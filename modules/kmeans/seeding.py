"""The first centroids: from a sample, from passes over all rows, or from a table."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from madpy.errors import MadpyError
from madpy.helper.tables.models import casts_between
from madpy.modules.kmeans import core
from madpy.modules.kmeans.check import CENTROIDS, CLUSTER, Settings
from madpy.modules.kmeans.core import Array
from madpy.modules.kmeans.layout import KMEANS_LARGEST, Mode, params_size
from madpy.modules.kmeans.passes import assign
from madpy.modules.kmeans.states import Sample
from madpy.ports.postgres.layouts.kernel import MAX_PARAMS
from madpy.ports.postgres.scan.scan import Scan, join_groups
from madpy.ports.postgres.scan.source import Source
from madpy.ports.postgres.session.db import Database
from madpy.ports.postgres.session.sql import fill

ROUNDS = 5
NUMBERS_PER_STATEMENT = 1_000_000  # numbers of points in one statement, unless a group has more


def distinct_points(sample: Sample, distance: str) -> NDArray[np.int64]:
    """Count the distinct points of each group in the sample, shape (G,)."""
    there = sample.kept.times > 0
    if distance != "cosine":
        num_points: NDArray[np.int64] = there.sum(axis=1)
        return num_points
    directions = core.unit(sample.kept.rows).round(12) + 0.0
    counts = [len(np.unique(d[t], axis=0)) for d, t in zip(directions, there, strict=True)]
    return np.array(counts, np.int64)


def first_centroids(scan: Scan, settings: Settings, sample: Sample, log: Callable[[str], None]) -> Array:
    """Return the first centroids, shape (G, k, d); NaN where a group has no more distinct points."""
    points = core.unit(sample.kept.rows) if settings.distance == "cosine" else sample.kept.rows
    if settings.init == "random":
        seeds = points[:, : settings.k]
        return np.where(sample.kept.times[:, : settings.k, None] > 0, seeds, np.nan)
    weights = sample.kept.times
    if settings.init == "kmeans||":
        candidates, counts = _candidates(scan, settings, sample, points, log)
        points = np.concatenate([candidates, points], axis=1)
        weights = np.concatenate([counts, weights], axis=1)
    return plus_plus(scan.db, points, weights, settings.k, settings.distance, settings.seed)


def plus_plus(db: Database, points: Array, weights: Array, k: int, distance: str, seed: int) -> Array:
    """Choose k of the points as first centroids, shape (G, k, d); NaN where no more are distinct.

    points: shape (G, m, d); weights: (G, m), 0 for points that are not there.  See kmeans_seeds.c:
    2 + log k points are drawn for each centroid, with the same numbers in every group.
    """
    groups, m, d = points.shape
    uniforms = core.uniforms(seed, k * (2 + int(np.log(k))))
    at_once = max(1, NUMBERS_PER_STATEMENT // max(1, m * d))
    seeds = np.full((groups, k, d), np.nan)
    for first in range(0, groups, at_once):
        own = points[first : first + at_once]
        data = db.value(
            "SELECT {schema:i}.__kmeans_seeds({p:b}, {w:b}, {u:b}, {groups:l}, {k:l}, {distance:l})",
            p=own.tobytes(),
            w=weights[first : first + at_once].tobytes(),
            u=uniforms.tobytes(),
            groups=len(own),
            k=k,
            distance=distance,
        )
        places = np.frombuffer(data, "<i4").reshape(len(own), k)
        group, number = np.nonzero(places >= 0)
        seeds[first + group, number] = own[group, places[group, number]]
    return seeds


def _candidates(
    scan: Scan, settings: Settings, sample: Sample, points: Array, log: Callable[[str], None]
) -> tuple[Array, Array]:
    """Draw points in a few passes, with probabilities by their distance from earlier ones, and weigh them.

    Source: Bahmani et al. (2012), Scalable k-means++.
    """
    groups, _, d = points.shape
    most = (MAX_PARAMS - params_size(0, d, len(scan.rows.scalars))) // d
    each = min(2 * settings.k, (most - 1) // ROUNDS)
    size = 1 + ROUNDS * each
    candidates = np.full((groups, size, d), np.nan)
    candidates[:, 0] = np.where(sample.kept.times[:, :1] > 0, points[:, 0], np.nan)

    every = np.arange(groups)
    for number in range(ROUNDS):
        log(f"round {number + 1} of kmeans||")
        drawn_rows = assign(scan, settings, Mode.DRAW, sample, candidates, every, settings.seed + number).kept
        start = 1 + number * each
        drawn = np.where(drawn_rows.times[:, :each, None] > 0, drawn_rows.rows[:, :each], np.nan)
        candidates[:, start : start + each] = drawn
    sizes = assign(scan, settings, Mode.ASSIGN, sample, candidates, every).sizes
    return np.nan_to_num(candidates), np.where(np.isnan(candidates[..., 0]), 0, sizes)


def read_centroids(table: Source, scan: Scan, d: int, distance: str) -> Array:
    """Read centroids from a table, shape (G, k, d): those of each group if it has the grouping columns.

    NaN where a group has fewer than others.
    """
    by_group = _read_rows(table, scan)
    for centroid in (centroid for own in by_group for centroid in own):
        if len(centroid) != d or any(not isinstance(x, int | float) for x in centroid):
            raise MadpyError(
                f'a centroid of table "{table.name}" does not have the {d} numbers that the features need'
            )
        if not (np.abs(centroid) <= KMEANS_LARGEST).all():
            raise MadpyError(
                f'a centroid of table "{table.name}" is not finite, or beyond {KMEANS_LARGEST:g}'
            )
    if not all(by_group):
        raise MadpyError(
            f'table "{table.name}" has no centroids' + (" for some group" if any(by_group) else ""),
            hint="give a table with a column centroid, double precision[]",
        )
    centroids = np.full((len(by_group), max(map(len, by_group), default=1), d), np.nan)
    for group, own in enumerate(by_group):
        centroids[group, : len(own)] = own
    if distance != "cosine":
        return centroids
    if (centroids == 0).all(axis=2).any():
        raise MadpyError(f'a centroid of table "{table.name}" is all zero, and has no direction')
    return np.where(np.isnan(centroids), np.nan, core.unit(centroids))


def _read_rows(table: Source, scan: Scan) -> list[list[list[Any]]]:
    """Read the centroids of each group, in order."""
    columns = table.types
    groups = scan.rows.groups if columns.keys() >= set(scan.rows.groups) else []
    relation = scan.group_relation() if groups else fill("SELECT 0 AS {n:i}", {"n": scan.group})
    casts = casts_between(table, groups, scan.rows.source)
    rows = table.db.execute(
        """
        SELECT g.{number:i} AS number, t.{centroid:i}::double precision[] AS centroid
        FROM ({relation:q}) AS g {join:q}
        WHERE t.{centroid:i} IS NOT NULL ORDER BY g.{number:i}, t.{order:i}, t.{centroid:i}
        """,
        number=scan.group,
        centroid=CENTROIDS,
        relation=relation,
        join=join_groups(fill("{t:i} AS t", {"t": table}), groups, "g", "t", casts=casts),
        order=CLUSTER if CLUSTER in columns else CENTROIDS,
    )
    by_group: list[list[list[Any]]] = [[] for _ in (scan.group_values if groups else [None])]
    for row in rows:
        by_group[row["number"]].append(row["centroid"])
    return by_group if groups else by_group * len(scan.group_values)
