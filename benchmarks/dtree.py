"""Decision trees beside the scan and beside pulling with ADBC and fitting with scikit-learn."""

import time
from contextlib import closing
from typing import Any
from urllib.parse import quote

import numpy as np
import pg

from benchmarks.database import FEATURES, Bench, names, scan
from benchmarks.report import Goal, Table
from benchmarks.speed import DROP_MODEL
from benchmarks.timing import SERIAL, STORE_ROOM, Case, interleave, multiples

FLOOR = "scan: sum of every column, serial"
DEPTH = 5
VECTOR = f"ARRAY[{names()}]"
SCORED = f"SELECT sum(madlib.dtree_predict_number((SELECT model FROM kept_summary), {VECTOR})) FROM steps"


def decision_tree(bench: Bench) -> Table:
    """Training to depth 5, of classes, deeper and validated, and scoring."""
    with closing(bench.connect()) as connection:
        prepare(connection)
        cases = [*training_cases(bench), peer(bench)]
        timings = interleave(cases, connection, bench.rounds, "dtree")
        connection.query("DROP TABLE steps, kept, kept_summary")
    floor = timings[FLOOR].median
    return Table(
        "Decision trees",
        f"{bench.rows:,} rows, {FEATURES} features and a target, all double precision, depth {DEPTH}."
        f"  Times as multiples of the serial scan, which took {floor:.3f} s.",
        ["case", "seconds", "x scan", "min–max", "goal", "met", "note"],
        multiples(cases, timings, floor),
        left=["note"],
    )


def prepare(connection: pg.Connection) -> None:
    """A target of steps and noise, which trees can learn."""
    steps = " + ".join(f"{i} * (x{i} > 0.1 * {i})::integer" for i in range(1, FEATURES + 1))
    connection.query("SELECT setseed(0.5)")
    connection.query(
        f"""
        CREATE UNLOGGED TABLE steps WITH (autovacuum_enabled = off) AS
        SELECT {names()}, {steps} + random() AS y FROM t
        """
    )
    connection.query("VACUUM ANALYZE steps")
    connection.query(scan("steps"))
    connection.query(train("max_depth => 8", output="kept"))


def train(options: str = f"max_depth => {DEPTH}", target: str = "y", output: str = "model") -> str:
    return f"SELECT madlib.dtree_train('steps', '{output}', '{target}', '{names()}', {options})"


def training_cases(bench: Bench) -> list[Case]:
    rows = bench.rows / 1e6
    stored = f"{SERIAL}; {STORE_ROOM}"
    return [
        Case(FLOOR, scan("steps"), before=SERIAL),
        Case("dtree_train", train(), Goal(4, "x"), stored, DROP_MODEL),
        Case("dtree_train, two classes", train(target="y > 5"), Goal(4, "x"), stored, DROP_MODEL),
        Case("dtree_train, depth 10", train("max_depth => 10"), None, stored, DROP_MODEL),
        Case("dtree_train, with workers", train(), Goal(1.6, "x"), STORE_ROOM, DROP_MODEL),
        Case(
            "dtree_train, depth 10, with workers",
            train("max_depth => 10"),
            Goal(2.8, "x"),
            STORE_ROOM,
            DROP_MODEL,
        ),
        Case("dtree_train, 10 folds", train("max_depth => 5, n_folds => 10"), None, stored, DROP_MODEL),
        Case(
            "dtree_predict_number of all rows, depth 8", SCORED, before=SERIAL,
            note=f"{rows:g} million rows; 1.5 million a second, the goal, are {rows / 1.5:.2f} s",
        ),
    ]  # fmt: skip


def peer(bench: Bench) -> Case:
    import adbc_driver_postgresql.dbapi as adbc
    from sklearn.tree import DecisionTreeRegressor

    address = bench.address
    url = f"postgresql://{address.user}@{quote(address.host, safe='')}:{address.port}/{address.database}"

    def run() -> dict[str, float]:
        started = time.perf_counter()
        with adbc.connect(url) as connection, connection.cursor() as cursor:
            cursor.execute(f"SELECT {names()}, y FROM steps")
            table: Any = cursor.fetch_arrow_table()
        pulled = time.perf_counter()
        x = np.column_stack([table[i].to_numpy() for i in range(FEATURES)])
        model = DecisionTreeRegressor(max_depth=DEPTH, min_samples_split=20, min_samples_leaf=7)
        model.fit(x, table[FEATURES].to_numpy())
        return {"pull": pulled - started, "fit": time.perf_counter() - pulled}

    return Case("pull with ADBC, fit with scikit-learn", run)
