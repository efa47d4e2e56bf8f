"""kmeans_train: check the arguments, find the clusters, write them and their summary."""

import math
from typing import Any

import numpy as np

from madpy.helper import helper
from madpy.helper.features.terms import check_number
from madpy.helper.tables.output import Column, Lists, Pieces, create_group_summary, create_output
from madpy.helper.tables.training import Training, check_tables
from madpy.modules.kmeans.check import check_init, check_points, check_settings
from madpy.modules.kmeans.cluster import Clustering, cluster, or_none
from madpy.modules.kmeans.lloyd import CONVERGED, STOPPED
from madpy.ports.postgres.scan.scan import Rows
from madpy.ports.postgres.session.db import Database

COLUMNS = [
    ("cluster_id", "integer"),
    ("centroid", "double precision[]"),
    ("size", "bigint"),
    ("within_sum", "double precision"),
    ("silhouette", "double precision"),
]
# The size of a cluster is the sum of the weights of its rows.
WEIGHTED_COLUMNS = [(name, "double precision" if name == "size" else sql_type) for name, sql_type in COLUMNS]
# Columns of the summary with a value for each group.
GROUP_COLUMNS = [
    ("num_rows_processed", "bigint"),
    ("num_missing_rows_skipped", "bigint"),
    ("k", "bigint"),
    ("inertia", "double precision"),
    ("silhouette", "double precision"),
    ("num_iterations", "bigint"),
    ("exit_reason", "text"),
    ("centroids", "double precision[]"),
]


class Result(Training, kw_only=True):
    """Field for field the SQL type kmeans_result: totals over groups; `centroids` only for a single one."""

    k: int
    distance: str
    seed: int
    inertia: float
    silhouette: float | None
    num_iterations: int
    exit_reason: str
    centroids: list[list[float]] | None
    terms: dict[str, Any]


def train(
    db: Database,
    source_table: str | None,
    output_table: str | None,
    features: str | None,
    k: int | None,
    init: str | None,
    max_iter: int | None,
    tolerance: float | None,
    seed: int | None,
    distance: str | None,
    grouping_cols: str | None,
    verbose: bool | None,
    weights: str | None,
) -> Result:
    """Find k clusters in each group; create `output_table`, a row per cluster, and its summary."""
    log = db.logger("kmeans_train", verbose)
    tables = check_tables(db, source_table, output_table)
    source = tables.source
    source.look_up(features, grouping_cols, weights)
    table = check_init(db, init)
    settings = check_settings(k, str(init), table, max_iter, tolerance, seed, distance)
    weight = None if weights is None else check_number(source, weights, "weights")
    terms = check_points(source, features, weights=weight)
    groups = helper.check_groups(source, grouping_cols, dict(COLUMNS), Result.__fields__)
    log(f"{', '.join(terms.names)} from {tables.names['source_table']}, {settings.description}")
    if settings.distance == "manhattan":
        log("distance manhattan: centroids are the means of their rows, not the medians")
    clustering = cluster(
        Rows(source, None, terms.items, terms.is_vector, weight, groups),
        terms,
        settings,
        "kmeans_train",
        log,
    )
    columns = COLUMNS if weight is None else WEIGHTED_COLUMNS
    create_output(db, clustering.scan, tables.output, columns, *clustering.clusters())
    result = create_group_summary(
        db,
        clustering.scan,
        tables.summary,
        Result(
            method="kmeans",
            **tables.fields(),
            target=None,
            features=features,
            feature_names=terms.names,
            grouping_cols=grouping_cols,
            options={
                "init": init,
                "max_iter": settings.max_iter,
                "tolerance": settings.tolerance,
                "weights": weights,
            },
            num_groups=len(clustering.fit.centroids),
            num_rows_processed=clustering.rows_used,
            num_missing_rows_skipped=clustering.rows_skipped,
            terms=terms.as_json(),
            **_totals(clustering),
        ),
        GROUP_COLUMNS,
        _figures(clustering),
    )
    clustering.scan.close()
    log(f"{result.num_groups} group(s), {clustering.rows_used} rows, {clustering.rows_skipped} skipped")
    return result


def _figures(clustering: Clustering) -> dict[str, Column]:
    """Return the values of GROUP_COLUMNS for each group."""
    fit, sample = clustering.fit, clustering.sample
    there = ~np.isnan(fit.centroids[..., 0])
    centroids = [group[own] for group, own in zip(fit.centroids, there, strict=True)]
    return {
        "num_rows_processed": sample.rows_used,
        "num_missing_rows_skipped": sample.rows_skipped,
        "k": there.sum(axis=1),
        "inertia": fit.inertia,
        "silhouette": fit.silhouette,
        "num_iterations": fit.iterations,
        "exit_reason": Pieces.of(fit.exit_reasons),
        "centroids": Lists([group if len(group) else None for group in centroids]),
    }


def _totals(clustering: Clustering) -> dict[str, Any]:
    """Return totals over all groups of the figures that each group has, whatever the order of groups."""
    fit = clustering.fit
    rows = np.where(np.isnan(fit.silhouette), 0, fit.sizes.sum(axis=1))
    mean = math.fsum(np.nan_to_num(fit.silhouette) * rows) / rows.sum() if rows.sum() else np.nan
    return {
        "k": clustering.settings.k,
        "distance": clustering.settings.distance,
        "seed": clustering.settings.seed,
        "inertia": math.fsum(fit.inertia),
        "silhouette": or_none(mean),
        "num_iterations": int(fit.iterations.max()),
        "exit_reason": CONVERGED if fit.converged.all() else STOPPED,
        "centroids": fit.centroids[0].tolist() if len(fit.centroids) == 1 else None,
    }
