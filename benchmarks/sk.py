"""Tables of scikit-learn's algorithms: rows on their way to the worker, fits there, and rows scored in C."""

import json
import statistics
import time
from collections.abc import Callable
from contextlib import closing
from typing import Any

import numpy as np
import pg

from benchmarks.database import FEATURES, Bench, names, scan
from benchmarks.report import Goal, Table
from benchmarks.speed import FILL, FLOOR, STORE_ROOM, first_call, later_call
from benchmarks.timing import SERIAL, Case, Timing, in_units, interleave, multiples

HEAD = """\
import sys, json, time
sys.path.insert(0, plpy.execute('SELECT madlib.__python_path() AS path')[0]['path'])"""
# The seconds of each step between a store and the arrays of a fit, with the worker's own code.
HANDS = f"""
CREATE FUNCTION bench_hands(store integer) RETURNS text LANGUAGE plpython3u AS $body$
{HEAD}
from madpy.ports.postgres import worker
from madpy.ports.postgres.session.db import Database
from madpy.worker.columns import Columns
began = time.perf_counter()
descriptor, layout, groups = worker.stored(Database(plpy, 'madlib'), store)
written = time.perf_counter()
columns = Columns.map(descriptor, layout)
matrix = columns.matrix(list(range({FEATURES + 1})), *groups[0])
copied = time.perf_counter()
return json.dumps({{"map": written - began, "copy": copied - written}})
$body$
"""
# The seconds between the worker's arrays and its model.
FIT = f"""
CREATE FUNCTION bench_fit(store integer, request text) RETURNS text LANGUAGE plpython3u AS $body$
{HEAD}
from madpy.ports.postgres import worker
from madpy.ports.postgres.session.db import Database
db = Database(plpy, 'madlib')
list(worker.ask(db, {{"do": "describe"}}))
descriptor, layout, groups = worker.stored(db, store)
request = {{**json.loads(request), "layout": layout, "groups": groups}}
times = {{}}
for message in worker.ask(db, request, files=[descriptor]):
    times[message.content["event"]] = time.perf_counter()
return json.dumps({{"": times["model"] - times["progress"]}})
$body$
"""
FITS: list[tuple[str, dict[str, Any]]] = [
    ("linear", {}),
    ("ridge", {}),
    ("hist_gradient_boosting", {"max_iter": 10}),
]
PART = 20_000  # rows that slow models are fitted on
TREES = {"n_estimators": 100, "max_depth": 8, "max_features": 3}


def sk(bench: Bench) -> Table:
    """Columns on their way to the worker, and fits there beside the same ones in a script."""
    with closing(bench.connect()) as connection:
        connection.query(HANDS)
        connection.query(FIT)
        connection.query("SELECT count(*) FROM madlib.sk_algorithms()")
        X, y = arrays(connection)
        cases = [
            Case(FLOOR, scan(), before=SERIAL),
            Case("columns in the worker's hands", lambda: hands(connection), Goal(1.2, "x")),
        ]
        for name, hyperparams in FITS:
            cases += [
                Case(f"{name}, a script that has the arrays", script(X, y, name, hyperparams)),
                Case(f"{name}, in the worker", worker(connection, name, hyperparams)),
            ]
        timings = interleave(cases, connection, bench.rounds, "worker")
        connection.query("DROP FUNCTION bench_hands, bench_fit")
    floor = timings[FLOOR].median
    rows = multiples(cases, timings, floor)
    for row, before in zip(rows[3::2], cases[2::2], strict=True):
        ratio = paired(timings[row[0]], timings[before.name])
        row[4:] = [*Goal(1.05, "x script").cells(ratio), f"{ratio:.3f} of the script's time"]
    return Table(
        "scikit-learn's fits in the worker",
        f"{bench.rows:,} rows, {FEATURES} features and a target.  Times as multiples of the serial scan,"
        f" which took {floor:.3f} s.  Both fit and compute r2 and rmse, from arrays that they have.",
        ["case", "seconds", "x scan", "min–max", "goal", "met", "note"],
        rows,
        left=["note"],
    )


def paired(timing: Timing, other: Timing) -> float:
    """Return the median of the ratios of both, round by round."""
    return statistics.median(a / b for a, b in zip(timing.seconds, other.seconds, strict=False))


def hands(connection: pg.Connection) -> dict[str, float]:
    """Seconds of the fill of a store, of its file, and of the arrays made of it."""
    connection.query(f"BEGIN; {SERIAL}; {STORE_ROOM}")
    began = time.perf_counter()
    store = connection.query(FILL).getresult()[0][0]
    filled = time.perf_counter() - began
    parts: dict[str, float] = json.loads(connection.query(f"SELECT bench_hands({store})").getresult()[0][0])
    connection.query("ROLLBACK; RESET ALL")
    return {"fill": filled, **parts}


def worker(
    connection: pg.Connection, name: str, hyperparams: dict[str, Any]
) -> Callable[[], dict[str, float]]:
    """Return a function that times a fit in the worker."""
    request = {
        "do": "fit", "algorithm": name, "task": "regression", "hyperparams": hyperparams, "preprocess": {},
        "seed": 0, "inputs": [{"name": f"x{j}", "levels": None} for j in range(FEATURES)],
        "targets": [FEATURES], "weights": None, "classes": [],
    }  # fmt: skip

    def run() -> dict[str, float]:
        connection.query(f"BEGIN; {STORE_ROOM}")
        store = connection.query(FILL).getresult()[0][0]
        text = connection.query(f"SELECT bench_fit({store}, '{json.dumps(request)}')").getresult()[0][0]
        connection.query("ROLLBACK")
        parts: dict[str, float] = json.loads(text)
        return parts

    return run


def script(X: Any, y: Any, name: str, hyperparams: dict[str, Any]) -> Callable[[], dict[str, float]]:
    """Return a function that times the same fit here."""

    def run() -> dict[str, float]:
        from sklearn import metrics
        from threadpoolctl import threadpool_limits

        from madpy.worker.estimators import ALGORITHMS

        estimator = ALGORITHMS[name, "regression"].build(hyperparams, 0)
        with threadpool_limits(1):
            began = time.perf_counter()
            predicted = estimator.fit(X, y).predict(X)
            metrics.mean_squared_error(y, predicted)
            metrics.r2_score(y, predicted)
            return {"": time.perf_counter() - began}

    return run


def arrays(connection: pg.Connection) -> tuple[Any, Any]:
    """Return the features of table t, shape (rows, FEATURES), and its target."""
    data = np.array(connection.query(f"SELECT {names()}, y FROM t").getresult())
    return np.ascontiguousarray(data[:, :-1]), np.ascontiguousarray(data[:, -1])


# --- scoring ---


def scored(model: str, more: str = "") -> str:
    """SQL that scores every row of t with the model of a table."""
    return f"SELECT sum(madlib.sk_predict((SELECT model FROM {model}), {names()})) FROM t {more}"


def train(name: str, output: str, source: str = "part", hyperparams: dict[str, Any] | None = None) -> str:
    """sk_train as a user calls it."""
    return (
        f"SELECT madlib.sk_train('{source}', '{output}', 'y', '{names()}', '{name}',"
        f" '{json.dumps(hyperparams or {})}')"
    )


def constant(connection: pg.Connection, model: str) -> str:
    ((text,),) = connection.query(f"SELECT quote_literal(model) || '::bytea' FROM {model}").getresult()
    return str(text)


def scoring(bench: Bench) -> Table:
    """Rows that C scores a second, the time of the scan taken off."""
    fast = Goal(2, "million", at_least=True)
    with closing(bench.connect()) as connection:
        connection.query(f"CREATE TABLE part AS SELECT * FROM t LIMIT {PART}")
        connection.query(train("linear", "line"))
        connection.query(train("random_forest", "forest", hyperparams=TREES))
        vector = f"ARRAY[{names()}]"
        written = constant(connection, "line")
        cases = [
            Case(
                FLOOR,
                f"SELECT {' + '.join(f'sum(x{i})' for i in range(1, FEATURES + 1))} FROM t",
                before=SERIAL,
            ),
            Case("linear, the model from a subquery", scored("line"), fast, before=SERIAL),
            Case(
                "linear, the model a constant",
                f"SELECT sum(madlib.sk_predict({written}, {names()})) FROM t",
                fast,
                before=SERIAL,
            ),
            Case("linear, an array", scored("line").replace(names(), vector), fast, before=SERIAL),
            Case(
                "linear, a row of the table",
                scored("line").replace(f"line), {names()}", "line), t"),
                fast,
                before=SERIAL,
            ),
            Case(
                "100 trees of depth 8", scored("forest"), Goal(0.4, "million", at_least=True), before=SERIAL
            ),
        ]
        timings = interleave(cases, connection, bench.rounds, "scoring")
        connection.query("DROP TABLE part, line, line_summary, forest, forest_summary")
    floor = timings[FLOOR].median
    rows = [[cases[0].name, f"{floor:.3f}", "", "", "", ""]]
    for case in cases[1:]:
        cells = in_units(
            case, timings[case.name], lambda seconds: bench.rows / max(seconds - floor, 1e-9) / 1e6
        )
        rows.append([case.name, f"{timings[case.name].median:.3f}", *cells])
    return Table(
        "Scoring models of scikit-learn",
        f"{bench.rows:,} rows of {FEATURES} features on one core, in millions of rows a second, the time of"
        " the scan taken off.",
        ["case", "seconds", "million rows/s", "min–max", "goal", "met"],
        rows,
    )


def sk_first(bench: Bench) -> Table:
    """Calls of little work in milliseconds, with a worker's parent that runs."""
    score = f"SELECT madlib.sk_predict(model, {names()}) FROM small, line LIMIT 1"
    tiny = train("linear", "another", "tiny")
    with closing(bench.connect()) as connection:
        connection.query(train("linear", "line", "small"))
        connection.query("CREATE TABLE tiny AS SELECT * FROM small LIMIT 100")
        cases = [
            Case("SELECT 1", lambda: first_call(bench, "SELECT 1")),
            Case("the first sk_predict of a connection", lambda: first_call(bench, score)),
            Case("the first sk_train of a connection, 100 rows", lambda: first_call(bench, tiny)),
            Case("a later sk_train, 100 rows", lambda: later_call(connection, tiny)),
        ]
        timings = interleave(cases, None, 3 * bench.rounds, "first call")
        connection.query("DROP TABLE tiny, line, line_summary")
    least = timings["SELECT 1"].median
    rows = []
    for case, goal in zip(cases, (None, Goal(10, "ms"), None, None), strict=True):
        value = 1000 * (
            timings[case.name].median - (least if case is not cases[0] and case is not cases[3] else 0)
        )
        rows.append([case.name, f"{value:.2f}", *(goal.cells(value) if goal else ["", ""])])
    return Table(
        "The first call of scikit-learn's algorithms in a new connection",
        "From connecting to the answer, less the time of SELECT 1; the later call is the third in a row.",
        ["case", "ms", "goal", "met"],
        rows,
    )
