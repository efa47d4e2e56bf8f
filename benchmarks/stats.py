"""Tables of summaries: correlation, summary and distinct values, beside the scan and numpy."""

import time
from contextlib import closing
from typing import Any
from urllib.parse import quote

import numpy as np

from benchmarks.database import FEATURES, Bench, names, scan
from benchmarks.report import Goal, Table
from benchmarks.speed import FLOOR
from benchmarks.timing import SERIAL, Case, interleave, multiples

DROP = "DROP TABLE found, found_summary"
MADLIB = "MADlib 2.1, cited, not run here"


CORRELATION = f"SELECT madlib.correlation('t', 'found', '{names()}')"
SUMMARY = f"SELECT madlib.summary('t', 'found', '{names()}, y')"


def summaries(bench: Bench) -> Table:
    """Each as multiples of the scan."""
    parallel = "default: parallel workers"
    cases = [
        Case(FLOOR, scan(), before=SERIAL),
        Case("correlation", CORRELATION, Goal(1.5, "x"), after=DROP, note=parallel),
        Case("correlation, serial", CORRELATION, before=SERIAL, after=DROP),
        Case("summary", SUMMARY, Goal(6, "x"), after=DROP, note=parallel),
        Case("summary, serial", SUMMARY, before=SERIAL, after=DROP),
        Case("fmsketch_dcount of one column", "SELECT madlib.fmsketch_dcount(x1) FROM t", before=SERIAL),
        Case("count(DISTINCT) of it", "SELECT count(DISTINCT x1) FROM t", before=SERIAL),
        Case("pull with ADBC, correlate in numpy", lambda: pull_and(bench, correlate)),
        Case("pull with ADBC, describe in numpy", lambda: pull_and(bench, describe)),
    ]
    with closing(bench.connect()) as connection:
        timings = interleave(cases, connection, bench.rounds, "summaries")
    floor = timings[FLOOR].median
    return Table(
        "Summaries",
        f"{bench.rows:,} rows; the correlations of {FEATURES} columns, the summary of {FEATURES + 1}, all"
        " different numbers; describing is minimum, maximum, mean, deviation, quartiles and distinct values."
        f"  Times as multiples of the serial scan, which took {floor:.3f} s.",
        ["case", "seconds", "x scan", "min–max", "goal", "met", "note"],
        [
            *multiples(cases, timings, floor),
            [f"correlation, {MADLIB}", "", "15", "", "", "", ""],
            [f"summary, {MADLIB}", "", "220", "", "", "", ""],
        ],
        left=["note"],
    )


def pull_and(bench: Bench, what: Any) -> dict[str, float]:
    """Seconds of both parts, from a new connection."""
    import adbc_driver_postgresql.dbapi as adbc

    address = bench.address
    url = f"postgresql://{address.user}@{quote(address.host, safe='')}:{address.port}/{address.database}"
    started = time.perf_counter()
    with adbc.connect(url) as connection, connection.cursor() as cursor:
        cursor.execute(f"SELECT {names()}, y FROM t")
        table = cursor.fetch_arrow_table()
    columns = [table[i].to_numpy() for i in range(FEATURES + 1)]
    pulled = time.perf_counter()
    what(columns)
    return {"pull": pulled - started, "compute": time.perf_counter() - pulled}


def correlate(columns: list[Any]) -> None:
    np.corrcoef(np.vstack(columns[:FEATURES]))


def describe(columns: list[Any]) -> None:
    for x in columns:
        _ = x.min(), x.max(), x.mean(), x.std(ddof=1), np.quantile(x, [0.25, 0.5, 0.75])
        _ = np.unique(x).size
