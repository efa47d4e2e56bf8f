"""Tables of naive Bayes: training beside the scan and scikit-learn, and prediction."""

import time
from contextlib import closing
from urllib.parse import quote

import numpy as np

from benchmarks.database import FEATURES, Bench, names, scan
from benchmarks.report import Goal, Table
from benchmarks.speed import FLOOR
from benchmarks.timing import SERIAL, Case, interleave, multiples

TARGET = "y > 31"  # about half of the rows
DROP_MODEL = "DROP TABLE model, model_summary"


def train(output: str = "model") -> str:
    """nb_train as a user calls it."""
    return f"SELECT madlib.nb_train('t', '{output}', '{TARGET}', '{names()}')"


def naive_bayes(bench: Bench) -> Table:
    """Training and scoring, as multiples of the scan."""
    score = f"SELECT count(madlib.nb_predict((SELECT model FROM scored_summary), ARRAY[{names()}])) FROM t"
    cases = [
        Case(FLOOR, scan(), before=SERIAL),
        Case("nb_train", train(), Goal(2, "x"), after=DROP_MODEL, note="default: parallel workers"),
        Case("nb_train, serial", train(), before=SERIAL, after=DROP_MODEL),
        Case("nb_predict((SELECT model ...), ARRAY[...])", score),
        Case("the same, serial", score, before=SERIAL),
        Case("pull with ADBC, fit with scikit-learn", lambda: pull_and_fit(bench)),
    ]
    with closing(bench.connect()) as connection:
        connection.query(train("scored"))
        timings = interleave(cases, connection, bench.rounds, "naive Bayes")
        connection.query("DROP TABLE scored, scored_summary")
    floor = timings[FLOOR].median
    return Table(
        "Naive Bayes",
        f"{bench.rows:,} rows, {FEATURES} numeric features, two classes, in a warm session."
        f"  Times as multiples of the serial scan, which took {floor:.3f} s.",
        ["case", "seconds", "x scan", "min–max", "goal", "met", "note"],
        multiples(cases, timings, floor),
        left=["note"],
    )


def pull_and_fit(bench: Bench) -> dict[str, float]:
    """Seconds of both parts, from a new connection; what is found is compared with what madpy found."""
    import adbc_driver_postgresql.dbapi as adbc
    from sklearn.naive_bayes import GaussianNB

    address = bench.address
    url = f"postgresql://{address.user}@{quote(address.host, safe='')}:{address.port}/{address.database}"
    started = time.perf_counter()
    with adbc.connect(url) as connection, connection.cursor() as cursor:
        cursor.execute(f"SELECT {names()}, {TARGET} FROM t")
        table = cursor.fetch_arrow_table()
    pulled = time.perf_counter()
    x = np.column_stack([table[i].to_numpy() for i in range(FEATURES)])
    model = GaussianNB().fit(x, np.asarray(table[FEATURES]))
    fitted = time.perf_counter()
    with closing(bench.connect()) as session:
        means = session.query(
            "SELECT mean FROM scored ORDER BY class, substr(feature, 2)::integer"
        ).getresult()
    np.testing.assert_allclose([mean for (mean,) in means], model.theta_.ravel(), rtol=1e-9)
    return {"pull": pulled - started, "fit": fitted - pulled}
