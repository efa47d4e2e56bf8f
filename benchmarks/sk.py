"""Tables of scikit-learn's algorithms: rows on their way to the worker, fits there, and rows scored in C."""

import json
import os
import statistics
import struct
import time
from collections.abc import Callable
from contextlib import closing
from typing import Any

import numpy as np
import pg

from benchmarks.database import FEATURES, Bench, names, scan
from benchmarks.report import Goal, Table, goal_cells
from benchmarks.speed import FLOOR, first_call, later_call
from benchmarks.timing import SERIAL, STORE_ROOM, Case, Timing, interleave, multiples

FILL = f"SELECT madlib.__store_fill('SELECT {names()}, y FROM t', beside => 1)"
HEAD = """\
import sys, json, time
sys.path.insert(0, plpy.execute('SELECT madlib.__python_path() AS path')[0]['path'])"""
# The seconds of each step between a store and the arrays of a fit, with the worker's own code; the arrays are
# memory that is mapped, and a number of each page is read.
HANDS = f"""
CREATE FUNCTION bench_hands(store integer) RETURNS text LANGUAGE plpython3u AS $body$
{HEAD}
from madpy.ports.postgres.scan.files import stored_files
from madpy.ports.postgres.session.db import Database
from madpy.worker.columns import Columns
began = time.perf_counter()
stored = stored_files(Database(plpy, 'madlib'), store)
files, layout, groups = stored.files, stored.layout, stored.ranges
written = time.perf_counter()
columns = Columns.of(files, layout)
for matrix in (columns.features, columns.others):
    matrix.rows(*groups[0]).ravel()[::512].sum()
mapped = time.perf_counter()
return json.dumps({{"files": written - began, "map": mapped - written}})
$body$
"""
# The seconds from a request to the worker's arrays, and from there to its model.  A session without a worker
# gets one by this request.
FIT = f"""
CREATE FUNCTION bench_fit(store integer, request text, has_worker boolean) RETURNS text
LANGUAGE plpython3u AS $body$
{HEAD}
from madpy.ports.postgres import worker
from madpy.ports.postgres.scan.files import stored_files
from madpy.ports.postgres.session.db import Database
db = Database(plpy, 'madlib')
if has_worker:
    list(worker.ask(db, {{"do": "describe"}}))
stored = stored_files(db, store)
files, layout, groups = stored.files, stored.layout, stored.ranges
asked = {{**json.loads(request), "layout": layout, "groups": groups}}
times = {{"": time.perf_counter()}}
for message in worker.ask(db, asked, files=files):
    times[message.content["event"]] = time.perf_counter()
return json.dumps({{"start": times["progress"] - times[""], "fit": times["model"] - times["progress"]}})
$body$
"""
FITS: list[tuple[str, dict[str, Any]]] = [
    ("linear", {}),
    ("ridge", {}),
    ("hist_gradient_boosting", {"max_iter": 10}),
]
PART = 20_000  # rows that slow models are fitted on
ONE_THREAD = "OPENBLAS_NUM_THREADS"  # read when numpy is loaded; the worker has 1
FITTED, ASKED = 2000, 10_000  # rows of the models beside scikit-learn
TREES = {"n_estimators": 100, "max_depth": 8, "max_features": 3}

SLOW: list[tuple[str, dict[str, Any]]] = [
    ("nearest_neighbors", {}),
    ("svm", {}),
    ("gaussian_process", {}),
    ("mlp", {"max_iter": 20}),
    ("random_forest", TREES),
]


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
        goal = Goal(1.05, "x script") if os.environ.get(ONE_THREAD) == "1" else None
        row[4:] = [*goal_cells(goal, ratio), f"{ratio:.3f} of the script's time"]
    return Table(
        "scikit-learn's fits in the worker",
        f"{bench.rows:,} rows, {FEATURES} features and a target.  Times as multiples of the serial scan,"
        f" which took {floor:.3f} s.  Both fit and compute r2 and rmse, from arrays that they have."
        f"  They compare where {ONE_THREAD} is 1, as it is in the worker.",
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
    request = json.dumps(request_of(name, hyperparams))

    def run() -> dict[str, float]:
        connection.query(f"BEGIN; {STORE_ROOM}")
        store = connection.query(FILL).getresult()[0][0]
        text = connection.query(f"SELECT bench_fit({store}, '{request}', true)").getresult()[0][0]
        connection.query("ROLLBACK")
        return {"": json.loads(text)["fit"]}

    return run


def request_of(name: str, hyperparams: dict[str, Any]) -> dict[str, Any]:
    """Return the request of a regression, as the driver makes it."""
    return {
        "do": "fit", "algorithm": name, "task": "regression", "hyperparams": hyperparams, "preprocess": {},
        "seed": 0, "inputs": [{"name": f"x{j}", "levels": None} for j in range(FEATURES)],
        "targets": [0], "weights": None, "classes": [], "may_leave_out": False,
    }  # fmt: skip


def start(bench: Bench) -> dict[str, float]:
    """Seconds from the first request of a new session, which gets a worker, to the begin of its fit."""
    with closing(bench.connect()) as connection:
        connection.query("BEGIN")
        store = connection.query(FILL.replace("FROM t", "FROM tiny")).getresult()[0][0]
        request = json.dumps(request_of("linear", {}))
        text = connection.query(f"SELECT bench_fit({store}, '{request}', false)").getresult()[0][0]
        return {"": json.loads(text)["start"]}


def script(X: Any, y: Any, name: str, hyperparams: dict[str, Any]) -> Callable[[], dict[str, float]]:
    """Return a function that times the same fit in a process of its own."""
    timed(X[:1000], y[:1000], name, hyperparams)  # imports what a fit needs, as the worker has
    return lambda: apart(lambda: timed(X, y, name, hyperparams))


def apart(work: Callable[[], float]) -> dict[str, float]:
    """Return the seconds that `work` returns, run in a process that is the leader of a session.

    Workers and backends are such leaders: Linux shares the processors out to sessions, and this one may have
    others that work beside it.
    """
    source, target = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.setsid()
            os.write(target, struct.pack("d", work()))
        finally:
            os._exit(0)
    os.close(target)
    with open(source, "rb") as answer:
        (seconds,) = struct.unpack("d", answer.read())
    os.waitpid(child, 0)
    return {"": seconds}


def timed(X: Any, y: Any, name: str, hyperparams: dict[str, Any]) -> float:
    """Return the seconds of a fit and its figures."""
    from sklearn import metrics
    from threadpoolctl import threadpool_limits

    from madpy.worker.estimators import ALGORITHMS

    estimator = ALGORITHMS[name, "regression"].build(hyperparams, 0)
    with threadpool_limits(1):
        began = time.perf_counter()
        found = estimator.fit(X, y).predict(X)
        metrics.mean_squared_error(y, found)
        metrics.r2_score(y, found)
        return time.perf_counter() - began


def arrays(connection: pg.Connection, table: str = "t") -> tuple[Any, Any]:
    """Return the features of a table, shape (rows, FEATURES), and its target."""
    data = np.array(connection.query(f"SELECT {names()}, y FROM {table}").getresult())
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
    floor = min(timings[FLOOR].seconds)
    rows = [[FLOOR, f"{floor:.3f}", "", "", ""]]
    for case in cases[1:]:
        seconds = min(timings[case.name].seconds)
        million = bench.rows / 1e6 / max(seconds - floor, floor / 100)  # less cannot be told from the scan
        goal = case.goal.cells(million) if case.goal else ["", ""]
        rows.append([case.name, f"{seconds:.3f}", f"{million:.2f}", *goal])
    return Table(
        "Scoring models of scikit-learn",
        f"{bench.rows:,} rows of {FEATURES} features on one core, in millions of rows a second, the time of"
        " the scan taken off, both the shortest.",
        ["case", "seconds", "million rows/s", "goal", "met"],
        rows,
    )


def beside(bench: Bench) -> Table:
    """Slow models: rows scored in C, and by scikit-learn's own predict with the rows as one array."""
    from threadpoolctl import threadpool_limits

    from madpy.worker.estimators import ALGORITHMS

    chosen = [(name, options) for name, options in SLOW if (name, "regression") in ALGORITHMS]
    cases = []
    with closing(bench.connect()) as connection:
        connection.query(f"CREATE TABLE part AS SELECT * FROM t LIMIT {FITTED}")
        connection.query(f"CREATE TABLE asked AS SELECT * FROM t OFFSET {FITTED} LIMIT {ASKED}")
        X, y = arrays(connection, "part")
        rows, _ = arrays(connection, "asked")
        for name, options in chosen:
            connection.query(train(name, name, hyperparams=options))
            estimator = ALGORITHMS[name, "regression"].build(options, 0).fit(X, y)
            cases += [
                Case(
                    f"{name}, predict of scikit-learn",
                    lambda one=estimator: apart(lambda: predicted(one, rows)),
                ),
                Case(f"{name}, sk_predict", scored(name).replace("FROM t", "FROM asked"), before=SERIAL),
            ]
        with threadpool_limits(1):
            timings = interleave(cases, connection, bench.rounds, "beside")
        connection.query(
            f"DROP TABLE part, asked, {', '.join(f'{name}, {name}_summary' for name, _ in chosen)}"
        )
    goals = {f"{name}, sk_predict": Goal(2, "x") for name in ("nearest_neighbors", "svm")}
    lines = []
    for theirs, ours in zip(cases[::2], cases[1::2], strict=True):
        ratio = paired(timings[ours.name], timings[theirs.name])
        lines.append([theirs.name, f"{timings[theirs.name].median:.3f}", "", "", ""])
        lines.append(
            [
                ours.name,
                f"{timings[ours.name].median:.3f}",
                f"{ratio:.2f}",
                *goal_cells(goals.get(ours.name), ratio),
            ]
        )
    return Table(
        "Scoring beside scikit-learn",
        f"{ASKED:,} rows of {FEATURES} features by models of {FITTED:,} rows, on one core.",
        ["case", "seconds", "x scikit-learn", "goal", "met"],
        lines,
    )


def predicted(estimator: Any, rows: Any) -> float:
    """Return the seconds of a prediction."""
    began = time.perf_counter()
    estimator.predict(rows)
    return time.perf_counter() - began


def sk_first(bench: Bench) -> Table:
    """Calls of little work in milliseconds, with a worker's parent that runs."""
    score = f"SELECT madlib.sk_predict(model, {names()}) FROM small, line LIMIT 1"
    tiny = train("linear", "another", "tiny")
    with closing(bench.connect()) as connection:
        connection.query(train("linear", "line", "small"))
        connection.query("CREATE TABLE tiny AS SELECT * FROM small LIMIT 100")
        connection.query(FIT)
        cases = [
            Case("SELECT 1", lambda: first_call(bench, "SELECT 1")),
            Case("the first sk_predict of a connection", lambda: first_call(bench, score), Goal(10, "ms")),
            Case(
                "the first sk_train of a connection, 100 rows",
                lambda: first_call(bench, tiny),
                Goal(100, "ms"),
            ),
            Case("a later sk_train, 100 rows", lambda: later_call(connection, tiny), Goal(15, "ms")),
            Case("a new session's fit begins in its worker", lambda: start(bench), Goal(50, "ms")),
        ]
        timings = interleave(cases, None, 3 * bench.rounds, "first call")
        connection.query("DROP TABLE tiny, line, line_summary; DROP FUNCTION bench_fit")
    least = timings["SELECT 1"].median
    rows = []
    for case in cases:
        value = 1000 * (timings[case.name].median - (least if "first" in case.name else 0))
        rows.append([case.name, f"{value:.2f}", *goal_cells(case.goal, value)])
    return Table(
        "The first call of scikit-learn's algorithms in a new connection",
        "From connecting to the answer, less the time of SELECT 1; the later call is the third in a row.  A"
        " worker is forked for the session's first request, and its fit begins when it has the rows.",
        ["case", "ms", "goal", "met"],
        rows,
    )
