"""Logistic regression beside the scan and beside pulling with ADBC and fitting with scikit-learn."""

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
SCORED = f"SELECT sum(madlib.logregr_predict_prob(coef, ARRAY[1, {names()}])) FROM odds, kept"


def logregr(bench: Bench) -> Table:
    """Training to convergence, and scoring."""
    with closing(bench.connect()) as connection:
        prepare(connection)
        cases = [*training_cases(bench), peer(bench)]
        timings = interleave(cases, connection, bench.rounds, "logregr")
        connection.query("DROP TABLE odds, kept, kept_summary")
    floor = timings[FLOOR].median
    return Table(
        "Logistic regression",
        f"{bench.rows:,} rows, {FEATURES} features and a target of 0 and 1, all double precision, to"
        f" convergence.  Times as multiples of the serial scan, which took {floor:.3f} s.",
        ["case", "seconds", "x scan", "min–max", "goal", "met", "note"],
        multiples(cases, timings, floor),
        left=["note"],
    )


def prepare(connection: pg.Connection) -> None:
    logit = " + ".join(f"{(-1) ** i} * x{i}" for i in range(1, FEATURES + 1))
    connection.query("SELECT setseed(0.5)")
    connection.query(
        f"""
        CREATE UNLOGGED TABLE odds WITH (autovacuum_enabled = off) AS
        SELECT {names()}, (random() < 1 / (1 + exp({logit})))::integer::double precision AS y FROM t
        """
    )
    connection.query("VACUUM ANALYZE odds")
    connection.query(scan("odds"))
    connection.query(train(output="kept"))


def train(output: str = "model") -> str:
    return f"SELECT madlib.logregr_train('odds', '{output}', 'y', '{names()}')"


def glm() -> str:
    """A call that takes about as many passes as that of logregr_train."""
    return f"SELECT madlib.glm_train('odds', 'model', 'y', '{names()}', 'poisson')"


def training_cases(bench: Bench) -> list[Case]:
    rows = bench.rows / 1e6
    return [
        Case(FLOOR, scan("odds"), before=SERIAL),
        Case("logregr_train", train(), Goal(4, "x"), f"{SERIAL}; {STORE_ROOM}", DROP_MODEL),
        Case("logregr_train, with workers", train(), Goal(1.6, "x"), STORE_ROOM, DROP_MODEL),
        Case("glm_train, poisson", glm(), Goal(6, "x"), f"{SERIAL}; {STORE_ROOM}", DROP_MODEL),
        Case("logregr_predict_prob of all rows, serial", SCORED, None, SERIAL, note=f"{rows:g} million rows"),
    ]


def peer(bench: Bench) -> Case:
    """Without a penalty, by Newton's method, as exact; a peer that finds another model measures another."""
    import adbc_driver_postgresql.dbapi as adbc
    from sklearn.linear_model import LogisticRegression

    address = bench.address
    url = f"postgresql://{address.user}@{quote(address.host, safe='')}:{address.port}/{address.database}"
    with closing(bench.connect()) as connection:
        (answer,) = connection.query("SELECT coef FROM kept").getresult()[0]

    def run() -> dict[str, float]:
        started = time.perf_counter()
        with adbc.connect(url) as connection, connection.cursor() as cursor:
            cursor.execute(f"SELECT {names()}, y FROM odds")
            table: Any = cursor.fetch_arrow_table()
        pulled = time.perf_counter()
        x = np.column_stack([table[i].to_numpy() for i in range(FEATURES)])
        model = LogisticRegression(C=np.inf, solver="newton-cholesky", tol=1e-10)
        model.fit(x, table[FEATURES].to_numpy())
        fitted = time.perf_counter()
        np.testing.assert_allclose([*model.intercept_, *model.coef_[0]], answer, rtol=1e-8)
        return {"pull": pulled - started, "fit": fitted - pulled}

    return Case("pull with ADBC, fit with scikit-learn", run)
