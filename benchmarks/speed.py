"""Tables of time: training and prediction over the whole table, and the first call of a connection."""

import time
from contextlib import closing
from itertools import combinations_with_replacement

import pg

from benchmarks.database import FEATURES, Bench, names, scan
from benchmarks.peers import peers
from benchmarks.report import Goal, Table
from benchmarks.timing import SERIAL, STORE_ROOM, Case, in_units, interleave, multiples

FLOOR = "scan: sum of every column, serial"
VECTOR = f"ARRAY[1, {names()}]"
FILL = f"SELECT madlib.__store_fill('SELECT {names()}, y FROM t')"
# Measured when madpy was designed, on a table of the same size, and not run again.
MADLIB = "MADlib 2.1, cited, not run here"
POSTGRESML = "PostgresML in Python, cited, not run here"
PAIRS = combinations_with_replacement([*names().split(", "), "y"], 2)
PRODUCTS = ", ".join(f"sum({a} * {b})" for a, b in PAIRS)


def train(source: str = "t", options: str = "", features: str = names()) -> str:
    """regr_train as a user calls it."""
    return f"SELECT madlib.regr_train('{source}', 'model', 'y', '{features}'{options})"


DROP_MODEL = "DROP TABLE model, model_summary"
EMPTY = "CREATE FUNCTION bench_empty() RETURNS integer LANGUAGE plpython3u AS 'return 1'"


def training_cases(bench: Bench) -> list[Case]:
    return [
        Case(FLOOR, scan(), before=SERIAL),
        Case("the same scan, parallel workers", scan()),
        Case("regr_train", train(), Goal(1, "x"), after=DROP_MODEL, note="default: parallel workers"),
        Case("regr_train, serial", train(), Goal(2, "x"), before=SERIAL, after=DROP_MODEL),
        Case("mregr_coef, serial", f"SELECT madlib.mregr_coef(y, {VECTOR}) FROM t", before=SERIAL),
        Case("regr_train, robust errors", train(options=", robust => true"), after=DROP_MODEL),
        Case(
            "regr_train, Breusch-Pagan test",
            train(options=", heteroskedasticity_option => true"),
            after=DROP_MODEL,
        ),
        Case(
            f"store: filled with {FEATURES + 1} columns", FILL, Goal(1.7, "x"),
            before=f"BEGIN; {STORE_ROOM}", after="ROLLBACK",
        ),
        Case(
            "store: one pass of the moments kernel",
            "SELECT length(madlib.__store_step(current_setting('bench.store')::integer, 'moments'))",
            Goal(0.5, "x"),
            before=f"BEGIN; {STORE_ROOM}; SELECT set_config('bench.store', ({FILL})::text, true)",
            after="ROLLBACK",
        ),
        Case("regr_slope of PostgreSQL, serial", "SELECT regr_slope(y, x1) FROM t", before=SERIAL),
        Case("sum(a * b) of all pairs in SQL, serial", f"SELECT {PRODUCTS} FROM t", before=SERIAL),
    ]  # fmt: skip


def speed(bench: Bench) -> Table:
    """Training, beside the scan and the peers."""
    cases = [*training_cases(bench), *peers(bench)]
    with closing(bench.connect()) as connection:
        timings = interleave(cases, connection, bench.rounds, "speed")
    floor = timings[FLOOR].median
    return Table(
        "Linear regression",
        f"{bench.rows:,} rows, {FEATURES} features and a target, all double precision, in a warm session."
        f"  Times as multiples of the serial scan, which took {floor:.3f} s.",
        ["case", "seconds", "x scan", "min–max", "goal", "met", "note"],
        [
            *multiples(cases, timings, floor),
            [MADLIB, "", "6.5", "", "", "", "linregr_train"],
            [POSTGRESML, "", "", "60–75", "", "", "1.6–1.9 GB of memory"],
        ],
        left=["note"],
    )


def predict(bench: Bench) -> Table:
    """Prediction, in rows a second."""
    query = f"SELECT count(madlib.regr_predict((SELECT coef FROM model), {VECTOR})) FROM t"
    joined = f"SELECT count(madlib.regr_predict(coef, {VECTOR})) FROM t, model"
    fast = Goal(2, "million", at_least=True)
    cases = [
        Case(FLOOR, scan(), before=SERIAL),
        Case("regr_predict((SELECT coef ...), ARRAY[...])", query, fast),
        Case("the same, serial", query, fast, before=SERIAL),
        Case("regr_predict(coef, ARRAY[...]) FROM t, model", joined, fast),
        Case(
            "regr_predict('model', 't', 'predicted')",
            "SELECT madlib.regr_predict('model', 't', 'predicted')",
            after="DROP TABLE predicted",
        ),
        Case(
            "CREATE TABLE AS with a constant column",
            "CREATE TABLE predicted AS SELECT *, 0::double precision AS prediction FROM t",
            after="DROP TABLE predicted",
        ),
    ]
    with closing(bench.connect()) as connection:
        connection.query(train())
        timings = interleave(cases, connection, bench.rounds, "predict")
        connection.query(DROP_MODEL)
    rows = [
        [
            case.name,
            f"{timings[case.name].median:.3f}",
            *in_units(case, timings[case.name], lambda seconds: bench.rows / seconds / 1e6),
        ]
        for case in cases
    ]
    rows.append([POSTGRESML, "", "", "0.004–0.014", "", ""])
    return Table(
        "Prediction",
        f"The model of the table above over all {bench.rows:,} rows, in millions of rows a second.",
        ["case", "seconds", "million rows/s", "min–max", "goal", "met"],
        rows,
    )


def first(bench: Bench) -> Table:
    """Calls of little work in milliseconds: the first of a connection, with connecting, and later ones."""

    def fresh(name: str, query: str, goal: Goal | None = None) -> Case:
        return Case(name, lambda: first_call(bench, query), goal)

    predict_one = f"SELECT madlib.regr_predict(coef, {VECTOR}) FROM small, model LIMIT 1"
    with closing(bench.connect()) as connection:
        connection.query(train("small"))
        connection.query("CREATE TABLE tiny AS SELECT x1, x2, y FROM small LIMIT 100")
        connection.query(EMPTY)
        another = train("tiny", features="x1, x2").replace("'model'", "'another'")
        cases = [
            fresh("SELECT 1", "SELECT 1"),
            fresh("regr_predict(coef, ARRAY[...]) of a row", predict_one, Goal(10, "ms")),
            fresh("an empty function in PL/Python", "SELECT bench_empty()"),
            fresh("regr_train, 1,000 rows", train("small").replace("'model'", "'another'"), Goal(50, "ms")),
            Case("a later regr_train, 100 rows", lambda: later_call(connection, another), Goal(5, "ms")),
        ]
        timings = interleave(cases, None, 3 * bench.rounds, "first call")
        connection.query(f"{DROP_MODEL}; DROP TABLE tiny; DROP FUNCTION bench_empty()")
    rows = [
        [case.name, *in_units(case, timings[case.name], lambda seconds: 1000 * seconds)] for case in cases
    ]
    rows.append([f"first prediction of {POSTGRESML}", "", "800–3500", "", ""])
    return Table(
        "The first call in a new connection",
        "From connecting to the answer; the later call is the third of three in a row.  regr_train is"
        " PL/Python: its first call starts Python, as an empty function does.",
        ["case", "ms", "min–max", "goal", "met"],
        rows,
    )


def first_call(bench: Bench, query: str) -> dict[str, float]:
    """Seconds of connecting and one statement, which leaves nothing."""
    started = time.perf_counter()
    connection: pg.Connection = bench.connect()
    connection.query("BEGIN")
    connection.query(query)
    seconds = time.perf_counter() - started
    connection.query("ROLLBACK")
    connection.close()
    return {"": seconds}


def later_call(connection: pg.Connection, query: str) -> dict[str, float]:
    """Seconds of a statement that has just run twice in this connection; it leaves nothing."""
    for _ in range(3):
        connection.query("BEGIN")
        started = time.perf_counter()
        connection.query(query)
        seconds = time.perf_counter() - started
        connection.query("ROLLBACK")
    return {"": seconds}
