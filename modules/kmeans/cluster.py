"""A whole clustering, from rows to clusters, for kmeans_train and kmeans_run."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from madpy.errors import MadpyError, SqlError
from madpy.helper.checks.frequencies import check_frequencies
from madpy.helper.checks.reasons import nothing_to_use, with_feature_names
from madpy.helper.features.reading import scan_coordinates
from madpy.helper.features.terms import Terms
from madpy.helper.tables.output import Column
from madpy.modules.kmeans.check import Settings, check_size
from madpy.modules.kmeans.lloyd import Fit, iterate
from madpy.modules.kmeans.passes import take_sample
from madpy.modules.kmeans.seeding import distinct_points, first_centroids, read_centroids
from madpy.modules.kmeans.states import Sample
from madpy.ports.postgres.scan.scan import Rows, Scan
from madpy.ports.postgres.session.db import Database
from madpy.records import replace


@dataclass(frozen=True)
class Clustering:
    """The clusters of all groups of a scan, and what they were computed with."""

    scan: Scan
    settings: Settings
    sample: Sample
    fit: Fit

    @property
    def rows_used(self) -> int:
        return int(self.sample.rows_used.sum())

    @property
    def rows_skipped(self) -> int:
        return int(self.sample.rows_skipped.sum())

    def clusters(self) -> tuple[NDArray[np.int64], dict[str, Column]]:
        """Return the columns of a table with a row per cluster, and the number of each row's group."""
        fit = self.fit
        group, number = np.nonzero(~np.isnan(fit.centroids[..., 0]))
        cells = {
            "centroid": fit.centroids,
            "size": fit.sizes,
            "within_sum": fit.within,
            "silhouette": fit.silhouettes,
        }
        return group, {
            "cluster_id": number,
            **{name: values[group, number] for name, values in cells.items()},
        }


def or_none(number: float) -> float | None:
    return None if np.isnan(number) else float(number)


def cluster(
    rows: Rows, terms: Terms, settings: Settings, label: str, log: Callable[[str], None]
) -> Clustering:
    """Sample, seed and iterate; `label` is the function that the user called, `log` logs progress."""
    d = len(terms.names)
    if d == 0:
        raise _no_features(rows, terms)
    check_size(settings.k, d, len(rows.scalars))
    rows.source.db.progress(f"{label}: reading")
    try:
        scan = scan_coordinates(rows, terms, passes=settings.max_iter + 2)
        log(f"reading by {scan.feed}")
        return _fit(rows.source.db, scan, terms, settings, label, log)
    except SqlError as error:
        raise with_feature_names(error, terms) from None


def _no_features(rows: Rows, terms: Terms) -> MadpyError:
    """Return the error for an array column whose first array is empty, or that is NULL in all rows."""
    count, known = rows.source.counts(terms.items)
    if known[0] > 0:
        return MadpyError("features must not be an empty array", sqlstate="2202E")
    return nothing_to_use(rows, terms, count)


def _fit(
    db: Database, scan: Scan, terms: Terms, settings: Settings, label: str, log: Callable[[str], None]
) -> Clustering:
    d = len(terms.names)
    given = None
    if settings.table is not None:
        given = read_centroids(settings.table, scan, d, settings.distance)
        settings = _with_k(settings, given.shape[1])
        check_size(settings.k, d, len(scan.rows.scalars))
    by = f"from table {settings.init}" if given is not None else f"by {settings.init}"
    log(f"seeding {settings.k} centroids {by}")
    db.progress(f"{label}: seeding")
    sample = take_sample(scan, settings, d)
    if sample.rows_used.sum() == 0:
        rows = replace(scan.rows, features=terms.items, is_vector=terms.is_vector)
        raise nothing_to_use(rows, terms, int(sample.rows_skipped.sum()))
    distinct = distinct_points(sample, settings.distance)
    _check_distinct(db, settings, distinct[sample.rows_used > 0])
    seen = int((sample.kept.times > 0).sum())
    log(f"sample used for seeding: {seen} distinct points out of {sample.rows_used.sum()} points")
    centroids = given if given is not None else first_centroids(scan, settings, sample, log)
    fit = iterate(db, scan, settings, sample, centroids, label, log)
    check_frequencies(fit.sizes.sum(axis=1), sample.rows_used)
    if ((~np.isnan(fit.centroids[..., 0])).sum(axis=1) < np.minimum(distinct, settings.k)).any():
        raise MadpyError(
            "the distance between some distinct points is zero",
            sqlstate="22003",
            hint="scale the features: squares of numbers below 1e-162 are zero",
        )
    return Clustering(scan, settings, sample, fit)


def _with_k(settings: Settings, num_centroids: int) -> Settings:
    """Set k to the number of centroids in the table that the user gave."""
    if settings.k not in (0, num_centroids):
        raise MadpyError(
            f"k = {settings.k}, but table {settings.init} has {num_centroids} centroids",
            hint="leave k out, or give as many",
        )
    return replace(settings, k=num_centroids)


def _check_distinct(db: Database, settings: Settings, distinct: NDArray[np.int64]) -> None:
    """Raise an error if no group has k distinct points; warn if some groups have fewer."""
    fewer = int((distinct < settings.k).sum())
    if fewer == 0:
        return
    if fewer == len(distinct):
        where = " of any group" if len(distinct) > 1 else ""
        raise MadpyError(
            f"k = {settings.k} is larger than the number of distinct points{where}, {distinct.max()}",
            hint=f"give a smaller k: the largest is {distinct.max()}",
        )
    db.warning(
        f"fewer than {settings.k} distinct points in {fewer} of {len(distinct)} groups:"
        " these have a cluster for each"
    )
