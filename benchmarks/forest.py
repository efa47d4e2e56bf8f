"""Random forests beside the fits of scikit-learn and of LightGBM's rf mode, which have the arrays in hand."""

import time
from collections.abc import Callable
from contextlib import closing
from typing import Any

import numpy as np
import pg

from benchmarks.database import FEATURES, Bench, names, scan
from benchmarks.report import Table
from benchmarks.speed import DROP_MODEL
from benchmarks.timing import STORE_ROOM, Case, Timing, interleave

TREES, DEPTH, DEEP_ROWS = 100, 10, 100_000
TREES_OF_SKLEARN = 4  # the time of so many, times 25
SCORED, EXPLAINED = 200_000, 20_000
VECTOR = f"ARRAY[{names()}]"
OF_ROWS = f"(SELECT * FROM chances LIMIT {SCORED}) AS s"
PREDICT = f"SELECT count(madlib.forest_predict((SELECT model FROM kept_summary), {VECTOR})) FROM {OF_ROWS}"
EXPLAIN = (
    f"SELECT count(*) FROM (SELECT * FROM chances LIMIT {EXPLAINED}) AS s,"
    f" LATERAL madlib.forest_explain((SELECT model FROM flat_summary), {VECTOR})"
)
SERIAL = "SET max_parallel_workers_per_gather = 0"
WHOLE = f"forest_train, {TREES} trees of depth {DEPTH}"
DEEP = f"forest_train, {DEEP_ROWS:,} rows, any depth"


def forests(bench: Bench) -> Table:
    """Whole calls of forest_train, and the fits alone of the others; goals are ratios to these."""
    with closing(bench.connect()) as connection:
        prepare(connection)
        X, y = arrays(connection)
        cases = [*own_cases(), *peers(X, y)]
        timings = interleave(cases, connection, bench.rounds, "forest")
        connection.query("DROP TABLE chances, few, kept, kept_summary, flat, flat_summary")
    return Table(
        "Random forests",
        f"{bench.rows:,} rows, {FEATURES} features in double precision, a class.  `forest_train` is timed"
        " whole, the others are fits of arrays.  Ratios are to madpy's case with the same rows and depth.",
        ["case", "seconds", "min–max", "x forest_train", "goal", "note"],
        [cells(case, timings) for case in cases],
        left=["note"],
    )


def prepare(connection: pg.Connection) -> None:
    """A class whose log odds are products and steps of features."""
    odds = "4 * (x1 - 0.5) + 12 * (x2 - 0.5) * (x3 - 0.5) + sin(6 * x4) + (x5 > 0.5)::int * (x6 - 0.5) * 3"
    connection.query("SELECT setseed(0.5)")
    connection.query(
        f"""
        CREATE UNLOGGED TABLE chances WITH (autovacuum_enabled = off) AS
        SELECT {names()}, random() < 1 / (1 + exp(-({odds}))) AS y FROM t;
        CREATE UNLOGGED TABLE few AS SELECT * FROM chances LIMIT {DEEP_ROWS}
        """
    )
    connection.query("VACUUM ANALYZE chances")
    connection.query(scan("chances").replace("sum(y)", "count(y)"))
    connection.query(train("max_depth => 8", output="kept"))
    connection.query(train("max_depth => 6", output="flat"))


def train(options: str, table: str = "chances", output: str = "model") -> str:
    arguments = f"'{table}', '{output}', 'y', '{names()}', num_trees => {TREES}, {options}"
    return f"SELECT madlib.forest_train({arguments})"


def own_cases() -> list[Case]:
    depth = f"max_depth => {DEPTH}"
    return [
        Case(WHOLE, train(f"{depth}, oob => false"), before=STORE_ROOM, after=DROP_MODEL),
        Case(f"{WHOLE}, one core", train(f"{depth}, oob => false"), before=SERIAL, after=DROP_MODEL),
        Case(f"{WHOLE}, out-of-bag error", train(depth), before=STORE_ROOM, after=DROP_MODEL),
        Case(DEEP, train("oob => false", "few"), after=DROP_MODEL),
        Case(
            "forest_predict, 100 trees of depth 8, one core", PREDICT, before=SERIAL,
            note=f"{SCORED:,} rows; 400,000 a second, the goal, are {SCORED / 400_000:.2f} s",
        ),
        Case(
            "forest_explain, 100 trees of depth 6, one core", EXPLAIN, before=SERIAL,
            note=f"{EXPLAINED:,} rows; 20,000 a second, the goal, are {EXPLAINED / 20_000:.2f} s",
        ),
    ]  # fmt: skip


def arrays(connection: pg.Connection) -> tuple[Any, Any]:
    rows = np.array(connection.query(f"SELECT {names()}, y::integer FROM chances").getresult(), float)
    return np.ascontiguousarray(rows[:, :-1]), rows[:, -1].astype(int)


def peers(X: Any, y: Any) -> list[Case]:
    """Fits on all cores; scikit-learn's of few trees, whose time is multiplied."""
    few = slice(0, DEEP_ROWS)
    times = TREES // TREES_OF_SKLEARN
    return [
        Case(f"LightGBM rf, {TREES} trees of depth {DEPTH}", lightgbm(X, y)),
        Case(
            f"scikit-learn, {TREES} trees of depth {DEPTH}", sklearn(X, y, DEPTH),
            note=f"time of {TREES_OF_SKLEARN} trees, times {times}",
        ),
        Case(
            f"scikit-learn, {DEEP_ROWS:,} rows, any depth", sklearn(X[few], y[few], None),
            note=f"time of {TREES_OF_SKLEARN} trees, times {times}",
        ),
    ]  # fmt: skip


def lightgbm(X: Any, y: Any) -> Callable[[], dict[str, float]]:
    import lightgbm as lgb

    data = lgb.Dataset(X, y, params={"verbose": -1, "feature_pre_filter": False}).construct()
    options = {
        "boosting": "rf", "objective": "binary", "num_leaves": 2**DEPTH, "max_depth": DEPTH, "verbose": -1,
        "bagging_fraction": 0.632, "bagging_freq": 1, "feature_fraction_bynode": 0.3, "min_data_in_leaf": 1,
        "feature_pre_filter": False,
    }  # fmt: skip

    def run() -> dict[str, float]:
        started = time.perf_counter()
        lgb.train(options, data, TREES)
        return {"fit": time.perf_counter() - started}

    return run


def sklearn(X: Any, y: Any, depth: int | None) -> Callable[[], dict[str, float]]:
    from sklearn.ensemble import RandomForestClassifier

    def run() -> dict[str, float]:
        started = time.perf_counter()
        RandomForestClassifier(TREES_OF_SKLEARN, max_depth=depth, n_jobs=-1).fit(X, y)
        return {"fit": (time.perf_counter() - started) * TREES / TREES_OF_SKLEARN}

    return run


def beside(name: str) -> tuple[str | None, int]:
    """Return the case of madpy that one of the others is compared with, and the ratio that is the goal."""
    if name.startswith("LightGBM"):
        return WHOLE, 3
    if name.startswith("scikit-learn"):
        return (DEEP, 3) if "any depth" in name else (WHOLE, 20)
    return None, 0


def cells(case: Case, timings: dict[str, Timing]) -> list[str]:
    """Return the cells of a case; a goal is how many times as long the others take."""
    seconds = timings[case.name].seconds
    median = timings[case.name].median
    own, goal = beside(case.name)
    ratio = f"{median / timings[own].median:.1f}" if own else ""
    return [
        case.name,
        f"{median:.3f}",
        f"{min(seconds):.2f}–{max(seconds):.2f}",
        ratio,
        f"≥ {goal} x" if own else "",
        case.note,
    ]
