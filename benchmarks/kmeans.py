"""k-means beside the scan and beside pulling with ADBC and fitting with scikit-learn."""

import time
from contextlib import closing
from urllib.parse import quote

import numpy as np

from benchmarks.database import FEATURES, Bench, names, scan
from benchmarks.report import Goal, Table
from benchmarks.speed import DROP_MODEL, FLOOR
from benchmarks.timing import SERIAL, STORE_ROOM, Case, interleave, multiples

K, ITERATIONS = 8, 20


def train(source: str = "t", options: str = "", output: str = "model") -> str:
    """kmeans_train as a user calls it, with all of its iterations."""
    return (
        f"SELECT inertia FROM madlib.kmeans_train('{source}', '{output}', '{names()}', {K},"
        f" max_iter => {ITERATIONS}, tolerance => 0{options})"
    )


def trained(name: str, query: str, before: str = STORE_ROOM, goal: Goal | None = None) -> Case:
    return Case(name, query, goal, before=before, after=DROP_MODEL)


def kmeans(bench: Bench) -> Table:
    """Training from all kinds of seeds, and scoring."""
    score = (
        f"SELECT count(madlib.kmeans_predict((SELECT centroids FROM kept_summary), ARRAY[{names()}])) FROM t"
    )
    cases = [
        Case(FLOOR, scan(), before=SERIAL),
        trained("kmeans_train", train(), goal=Goal(2.8, "x")),
        trained("kmeans_train, serial", train(), f"{SERIAL}; {STORE_ROOM}"),
        trained("kmeans_train, seeds of all rows", train(options=", init => 'kmeans||'")),
        trained("kmeans_train, manhattan", train(options=", distance => 'manhattan'")),
        Case("kmeans_predict((SELECT centroids ...), ARRAY[...])", score),
        Case("the same, serial", score, before=SERIAL),
        Case("pull with ADBC, fit with scikit-learn", lambda: pull_and_fit(bench)),
    ]
    with closing(bench.connect()) as connection:
        connection.query(train(output="kept"))
        timings = interleave(cases, connection, bench.rounds, "k-means")
        connection.query("DROP TABLE kept, kept_summary")
    floor = timings[FLOOR].median
    return Table(
        "k-means",
        f"{bench.rows:,} rows, {FEATURES} features, k = {K}, {ITERATIONS} iterations, in a warm session."
        f"  Times as multiples of the serial scan, which took {floor:.3f} s.",
        ["case", "seconds", "x scan", "min–max", "goal", "met", "note"],
        multiples(cases, timings, floor),
        left=["note"],
    )


def pull_and_fit(bench: Bench) -> dict[str, float]:
    """Seconds of both parts, from a new connection; the clusters are to be about as good as madpy's."""
    import adbc_driver_postgresql.dbapi as adbc
    from sklearn.cluster import KMeans

    address = bench.address
    url = f"postgresql://{address.user}@{quote(address.host, safe='')}:{address.port}/{address.database}"
    started = time.perf_counter()
    with adbc.connect(url) as connection, connection.cursor() as cursor:
        cursor.execute(f"SELECT {names()} FROM t")
        table = cursor.fetch_arrow_table()
    pulled = time.perf_counter()
    x = np.column_stack([table[i].to_numpy() for i in range(FEATURES)])
    model = KMeans(K, n_init=1, max_iter=ITERATIONS, tol=0, random_state=1).fit(x)
    fitted = time.perf_counter()
    with closing(bench.connect()) as session:
        ((inertia,),) = session.query("SELECT inertia FROM kept_summary").getresult()
    assert inertia < 1.05 * model.inertia_, (inertia, model.inertia_)
    return {"pull": pulled - started, "fit": fitted - pulled}
