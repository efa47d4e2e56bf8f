"""Tables of projects: training beside a script; predictions beside a client and a service over HTTP."""

import json
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pg

from benchmarks.database import FEATURES, Bench, names, scan
from benchmarks.report import Goal, Table, goal_cells
from benchmarks.service import Service
from benchmarks.speed import FLOOR, first_call
from benchmarks.timing import SERIAL, STORE_ROOM, Case, interleave, multiples
from madpy.dev.state import here

MANY = 100_000  # rows that are predicted together
SECONDS = 3  # of a run of single rows
PART = 20_000  # rows that slow models are fitted on
OURS = "predict in a prepared statement"
CLIENT = "psycopg fetches the row, scikit-learn predicts"
HTTP = "a service over HTTP"
ROUND_TRIP = "SELECT x1 + ... + x10 in a prepared statement"
PARAMETERS = [f":x{i}::float8" for i in range(1, FEATURES + 1)]
DROP = "SELECT pgml.drop_project('bench')"
MODELS: dict[str, tuple[str, dict[str, Any], Goal]] = {
    "linear": ("linear", {}, Goal(2, "million", at_least=True)),
    "100 trees of depth 8": (
        "random_forest",
        {"n_estimators": 100, "max_depth": 8, "max_features": 3},
        Goal(0.4, "million", at_least=True),
    ),
    "boosting, 100 rounds": (
        "hist_gradient_boosting",
        {"max_iter": 100},
        Goal(0.4, "million", at_least=True),
    ),
}
WINE = Path("../shared/data/winequality-red.csv")  # beside the checkout, where it is there


def training(bench: Bench) -> Table:
    """Training in the database, and pulled and fitted by a script."""
    call = "SELECT * FROM pgml.train('bench', 'regression', 't', 'y', 'linear')"
    cases = [
        Case(FLOOR, scan(), before=SERIAL),
        Case("train, linear", call, Goal(3, "x"), before=STORE_ROOM, after=DROP),
        Case("pull with ADBC, fit and score with scikit-learn", lambda: pulled(bench)),
    ]
    with closing(bench.connect()) as connection:
        timings = interleave(cases, connection, bench.rounds, "train")
        floor = timings[FLOOR].median
        rows = multiples(cases, timings, floor)
        if WINE.exists():
            rows.append(wine(connection))
    return Table(
        "Projects: training",
        f"{bench.rows:,} rows, {FEATURES} features and a target, a quarter of the rows for testing.  Times as"
        f" multiples of the serial scan, which took {floor:.3f} s.",
        ["case", "seconds", "x scan", "min–max", "goal", "met", "note"],
        rows,
        left=["note"],
    )


def wine(connection: pg.Connection) -> list[str]:
    """Return the line of an automatic training of the quality of red wine."""
    with WINE.open() as file:
        head = file.readline().strip().split(",")
        columns = ", ".join(f'"{name}" double precision' for name in head)
        connection.query(f"CREATE TABLE wine ({columns})")
        connection.query("COPY wine FROM STDIN (FORMAT csv)")
        for line in file:
            connection.putline(line)
        connection.putline("\\.\n")
        connection.endcopy()
    began = time.perf_counter()
    ((tried, best),) = connection.query(
        "SELECT metrics, algorithm FROM pgml.train('wine', 'regression', 'wine', 'quality')"
    ).getresult()
    seconds = time.perf_counter() - began
    connection.query("SELECT pgml.drop_project('wine'); DROP TABLE wine")
    r2 = (tried if isinstance(tried, dict) else json.loads(tried))["r2"]
    note = f"1,599 rows, several algorithms; the best is {best} with an r2 of {r2:.2f}"
    goal = Goal(10, "s")
    return ["red wine, auto", f"{seconds:.3f}", "", "", *goal.cells(seconds), note]


def pulled(bench: Bench) -> dict[str, float]:
    """Seconds of a pull of the table, and of a fit and its figures on a quarter of the rows."""
    import adbc_driver_postgresql.dbapi as adbc
    import numpy as np
    from sklearn.linear_model import LinearRegression
    from sklearn.metrics import mean_absolute_error, mean_squared_error, r2_score
    from sklearn.model_selection import train_test_split

    address = bench.address
    url = f"postgresql:///{address.database}?host={address.host}&port={address.port}&user={address.user}"
    began = time.perf_counter()
    with adbc.connect(url) as connection, connection.cursor() as cursor:
        cursor.execute(f"SELECT {names()}, y FROM t")
        table = cursor.fetch_arrow_table()
    pulled_at = time.perf_counter()
    X = np.column_stack([table[i].to_numpy() for i in range(FEATURES)])
    parts = train_test_split(X, table[FEATURES].to_numpy(), test_size=0.25, random_state=0)
    found = LinearRegression().fit(parts[0], parts[2]).predict(parts[1])
    for figure in (r2_score, mean_squared_error, mean_absolute_error):
        figure(parts[3], found)
    return {"pull": pulled_at - began, "fit": time.perf_counter() - pulled_at}


# --- predictions ---


@contextmanager
def trained(bench: Bench) -> Iterator[pg.Connection]:
    """A connection to a database with a project for each of MODELS, and a table of MANY rows."""
    with closing(bench.connect()) as connection:
        connection.query(f"CREATE TABLE part AS SELECT * FROM t LIMIT {PART}")
        connection.query(f"CREATE TABLE many AS SELECT * FROM t LIMIT {MANY}")
        connection.query("VACUUM ANALYZE many")
        for name, (algorithm, hyperparams, _) in MODELS.items():
            connection.query(
                f"SELECT pgml.train('{name}', 'regression', 'part', 'y', '{algorithm}',"
                f" '{json.dumps(hyperparams)}')"
            )
        yield connection
        for name in MODELS:
            connection.query(f"SELECT pgml.drop_project('{name}')")
        connection.query("DROP TABLE part, many")


def predictions(bench: Bench) -> Table:
    """Many rows predicted by the name of a project, on one core."""
    floor = f"SELECT {' + '.join(f'sum(x{i})' for i in range(1, FEATURES + 1))} FROM many"
    cases = [Case(FLOOR, floor, before=SERIAL)]
    for name, (_, _, goal) in MODELS.items():
        call = f"SELECT sum(pgml.predict('{name}', {names()})) FROM many"
        cases.append(Case(name, call, goal, before=SERIAL))
        whole = f"SELECT sum(pgml.predict('{name}', many)) FROM many"
        cases.append(Case(f"{name}, a row of the table", whole, goal, before=SERIAL))
    with trained(bench) as connection:
        timings = interleave(cases, connection, 3 * bench.rounds, "predict")
    least = min(timings[FLOOR].seconds)
    rows = [[FLOOR, f"{1000 * least:.1f}", "", "", ""]]
    for case in cases[1:]:
        seconds = min(timings[case.name].seconds)
        million = MANY / 1e6 / max(seconds - least, least / 100)  # less cannot be told from the scan
        rows.append([case.name, f"{1000 * seconds:.1f}", f"{million:.2f}", *goal_cells(case.goal, million)])
    return Table(
        "Projects: predictions of many rows",
        f"{MANY:,} rows of {FEATURES} features on one core, in millions of rows a second, the time of the"
        " scan taken off, both the shortest.",
        ["case", "ms", "million rows/s", "goal", "met"],
        rows,
    )


def single_rows(bench: Bench) -> Table:
    """One row after the other from one client: in SQL, in a client that pulls the row, over HTTP."""
    rates: dict[str, list[float]] = {}
    with trained(bench) as connection:
        key = "ALTER TABLE many ADD id serial PRIMARY KEY"
        connection.query(key)
        algorithms = {name: (algorithm, options) for name, (algorithm, options, _) in MODELS.items()}
        with Service(bench.address, algorithms) as service:
            cases: dict[str, Callable[[], float]] = {
                ROUND_TRIP: lambda: bench_rows(bench, " + ".join(PARAMETERS))
            }
            for name in MODELS:
                call = f"pgml.predict('{name}', {', '.join(PARAMETERS)})"
                cases[f"{name}, {OURS}"] = lambda call=call: bench_rows(bench, call)
                cases[f"{name}, {CLIENT}"] = lambda name=name: service.in_a_client(name, SECONDS)
                cases[f"{name}, {HTTP}"] = lambda name=name: service.rate(name, SECONDS)
            for _ in range(bench.rounds):
                for case, run in cases.items():
                    rates.setdefault(case, []).append(run())
        starts = first_calls(bench)
    lines = [[ROUND_TRIP, f"{max(rates[ROUND_TRIP]):,.0f}", "", "", ""]]
    for name in MODELS:
        ours, client, http = (max(rates[case]) for case in rates if case.startswith(f"{name},"))
        met = Goal(20_000, "rows/s", at_least=True).cells(ours)
        lines += [
            [f"{name}, {OURS}", f"{ours:,.0f}", f"{ours / http:.1f}", *met],
            [f"{name}, {CLIENT}", f"{client:,.0f}", f"{client / http:.1f}", "", ""],
            [f"{name}, {HTTP}", f"{http:,.0f}", "1.0", "", ""],
        ]
    return Table(
        "Projects: one row after the other",
        "From one client over a socket of this machine, rows a second, the best of the rounds.  The service"
        " is an ASGI application under uvicorn with the same estimator of scikit-learn unpickled, asked over"
        " one connection that stays open; PostgresML claimed 8 to 40 times the speed of such services"
        " in 2022.  The first line has the same ten parameters, added by PostgreSQL: most of the time is the"
        " round trip, two thirds of the backend's are the kernel's, and 3 % the prediction with its look-up."
        f"  The first predict of a connection takes {starts:.1f} ms more than SELECT 1 (goal: at most 10).",
        ["case", "rows/s", "x HTTP", "goal", "met"],
        lines,
    )


def first_calls(bench: Bench) -> float:
    """Return the milliseconds that a first prediction takes over SELECT 1, the median of several."""
    call = f"SELECT pgml.predict('linear', {names()}) FROM small LIMIT 1"
    cases = [
        Case("SELECT 1", lambda: first_call(bench, "SELECT 1")),
        Case("predict", lambda: first_call(bench, call)),
    ]
    timings = interleave(cases, None, 3 * bench.rounds, "first predict")
    return 1000 * (timings["predict"].median - timings["SELECT 1"].median)


def bench_rows(bench: Bench, item: str) -> float:
    """Return how often a second pgbench selects an item over PARAMETERS, which are new ones each time."""
    sets = "\n".join(f"\\set x{i} random(0, 1000) / 1000.0" for i in range(1, FEATURES + 1))
    with tempfile.NamedTemporaryFile("w", suffix=".sql") as script:
        script.write(f"{sets}\nSELECT {item};\n")
        script.flush()
        address = bench.address
        command = [
            str(Path(here().pg["bindir"], "pgbench")), "-n", "-M", "prepared", "-c", "1", "-T", str(SECONDS),
            "-f", script.name, "-h", address.host, "-p", str(address.port), "-U", address.user,
            address.database,
        ]  # fmt: skip
        result = subprocess.run(command, capture_output=True, text=True, check=True)
    line = next(line for line in result.stdout.splitlines() if line.startswith("tps = "))
    return float(line.split()[2])
