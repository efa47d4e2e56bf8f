"""kmeans_run: clusters of points (pid, coords), with tables named after the run."""

from dataclasses import dataclass

import numpy as np

from madpy.errors import MadpyError
from madpy.helper import helper
from madpy.helper.checks.arguments import parse_name
from madpy.helper.helper import NewTable
from madpy.helper.tables.output import create_output
from madpy.modules.kmeans.check import check_points, check_settings
from madpy.modules.kmeans.cluster import Clustering, cluster
from madpy.ports.postgres.scan.scan import Rows
from madpy.ports.postgres.scan.source import Source
from madpy.ports.postgres.session.db import Database
from madpy.ports.postgres.session.sql import identifier

ID, POINT = "pid", "coords"
CLUSTERS, POINTS = "kmeans_out_centroids_", "kmeans_out_points_"
COLUMNS = [
    ("cid", "integer"),
    (POINT, "double precision[]"),
    ("size", "bigint"),
    ("within_sum", "double precision"),
    ("silhouette", "double precision"),
]
MAX_ITER, TOLERANCE, SEED = 100, 0.001, 1


@dataclass(frozen=True)
class Run:
    """Field for field the SQL type kmeans_run_result."""

    clusters: int
    pct_input_used: float
    output_schema: str
    cluster_table: str
    point_table: str


def run(
    db: Database,
    src_relation: str | None,
    k: int | None,
    goodness: int | None,
    run_id: str | None,
    output_schema: str | None,
    verbose: int | None,
) -> Run:
    """Find k clusters; create the table of centroids, and the table of points with their clusters."""
    is_verbose = bool(helper.check_range("verbose", verbose, 0, 1))
    wants_goodness = bool(helper.check_range("goodness", goodness, 0, 1))
    log = db.logger("kmeans_run", is_verbose)
    source = _check_source(db, src_relation)
    centroids, points = (_output(db, output_schema, run_id, prefix, source) for prefix in (CLUSTERS, POINTS))
    helper.check_not_null("k", k)
    settings = check_settings(k, "kmeans++", None, MAX_ITER, TOLERANCE, SEED, "squared_euclidean")
    log("parameters:")
    for name, value in (
        ("k", k),
        ("src_relation", source.full_name),
        ("goodness", "on" if wants_goodness else "off"),
        ("run_id", run_id),
        ("output_schema", centroids.schema),
    ):
        log(f" * {name} = {value}")
    terms = check_points(source, POINT)
    clustering = cluster(Rows(source, None, terms.items, terms.is_vector), terms, settings, "kmeans_run", log)
    group, cells = clustering.clusters()
    if not wants_goodness:
        cells["silhouette"] = np.full(len(group), np.nan)
    cells |= {"cid": cells["cluster_id"], POINT: cells["centroid"]}
    create_output(db, clustering.scan, centroids, COLUMNS, group, cells)
    clustering.scan.close()
    log(f"assigning all points to clusters, in {points.full_name}")
    _assign(source, points, clustering)
    if wants_goodness:
        silhouette = f"simplified silhouette {clustering.fit.silhouette[0]:.6g}" if k != 1 else "one cluster"
        log(f"goodness of fit: inertia {clustering.fit.inertia[0]:.10g}, {silhouette}")
    return Run(
        int(settings.k),
        100 * clustering.rows_used / (clustering.rows_used + clustering.rows_skipped),
        centroids.schema,
        centroids.full_name,
        points.full_name,
    )


def _check_source(db: Database, src_relation: str | None) -> Source:
    source = helper.check_source(db, src_relation, "src_relation")
    columns = source.types
    for name in (ID, POINT):
        if name not in columns:
            raise MadpyError(
                f'column "{name}" of table "{source.name}" does not exist',
                sqlstate="42703",
                hint="give a table with pid bigint and coords double precision[], or use kmeans_train",
            )
    if not columns[POINT].endswith("[]"):
        raise MadpyError(
            f'column "{POINT}" of table "{source.name}" is of type {columns[POINT]}, an array is needed',
            sqlstate="42804",
            hint="use kmeans_train, which takes single columns",
        )
    return source


def _output(db: Database, schema: str | None, run_id: str | None, prefix: str, source: Source) -> NewTable:
    """Return one of the tables to create; `schema` is a name as SQL writes it."""
    name = identifier(prefix + str(helper.check_not_null("run_id", run_id)))
    if schema is not None and parse_name(schema) is None:
        raise MadpyError(f'output_schema: "{schema}" is not the name of a schema', sqlstate="42602")
    where = f"{schema}.{name}" if schema is not None else name
    return helper.check_new_table(db, where, source, what="run_id")


def _assign(source: Source, points: NewTable, clustering: Clustering) -> None:
    source.db.execute(
        """
        CREATE TABLE {points:i} AS
        SELECT {pid:i}, {coords:i},
               {schema:i}.kmeans_predict({centroids:l}, {coords:i}::double precision[]) AS cid
        FROM {source:i}
        """,
        points=points,
        pid=ID,
        coords=POINT,
        centroids=clustering.fit.centroids[0].tolist(),
        source=source,
    )
