"""Training over text columns beside training over numbers: what it costs that values are categories."""

from contextlib import closing

import pg

from benchmarks.database import Bench
from benchmarks.report import Goal, Table
from benchmarks.speed import DROP_MODEL
from benchmarks.timing import SERIAL, Case, Timing, interleave

COLUMNS = 5
LEVELS = 20
GOAL = Goal(1.5, "x")
# By feed, the setting that has it taken; the default memory holds the usual table, but not that of --rows.
FEEDS = {"store": "SET madpy.store_memory = '8GB'", "streamed": "SET madpy.store_memory = 0"}
# By method: its target, and further arguments.
METHODS = {
    "nb_train": ("y > 0", ""),
    "dtree_train": ("y > 0", ", max_depth => 5"),
    "logregr_train": ("y", ""),
    "glm_train": ("y", ", family => 'binomial'"),
    "regr_train": ("y", ""),
}
NOT_TAKEN = {("nb_train", "store"), ("regr_train", "store")}  # one pass is not worth a store


def text_features(bench: Bench) -> Table:
    """Time each method over text columns and over as many numbers, by either feed, in one process."""
    lines = [(method, feed) for method in METHODS for feed in FEEDS if (method, feed) not in NOT_TAKEN]
    cases = [case(method, feed, kind) for method, feed in lines for kind in ("numbers", "texts")]
    with closing(bench.connect()) as connection:
        prepare(connection)
        timings = interleave(cases, connection, bench.rounds, "text")
        connection.query("DROP TABLE numbers, texts")
    return Table(
        "Text features",
        f"{bench.rows:,} rows: {COLUMNS} text columns of {LEVELS} levels beside {COLUMNS} of double"
        " precision, the target the same, in one process.",
        ["method", "feed", "numbers, seconds", "text, seconds", "text / numbers", "goal", "met"],
        [row(method, feed, timings) for method, feed in lines],
    )


def prepare(connection: pg.Connection) -> None:
    """Two tables of the same rows: the levels of one are the values of the other, cut into as many parts."""
    names = [f"x{i}" for i in range(1, COLUMNS + 1)]
    texts = ", ".join(f"'level ' || floor({LEVELS} * {name}) AS {name}" for name in names)
    logit = " + ".join(f"{(-1) ** i} * {name}" for i, name in enumerate(names))
    connection.query("SELECT setseed(0.5)")
    connection.query(
        f"""
        CREATE UNLOGGED TABLE numbers WITH (autovacuum_enabled = off) AS
        SELECT {", ".join(names)}, (random() < 1 / (1 + exp({logit})))::integer::double precision AS y FROM t
        """
    )
    connection.query(
        f"CREATE UNLOGGED TABLE texts WITH (autovacuum_enabled = off) AS SELECT {texts}, y FROM numbers"
    )
    for table in ("numbers", "texts"):
        connection.query(f"VACUUM ANALYZE {table}")
        connection.query(f"SELECT count(*), sum(y) FROM {table}")


def case(method: str, feed: str, kind: str) -> Case:
    target, options = METHODS[method]
    features = ", ".join(f"x{i}" for i in range(1, COLUMNS + 1))
    query = f"SELECT madlib.{method}('{kind}', 'model', '{target}', '{features}'{options})"
    return Case(f"{method}, {feed}, {kind}", query, before=f"{SERIAL}; {FEEDS[feed]}", after=DROP_MODEL)


def row(method: str, feed: str, timings: dict[str, Timing]) -> list[str]:
    """Returns the medians of a method, and the ratio of the shortest times: others disturb these least."""
    numbers, texts = (timings[f"{method}, {feed}, {kind}"] for kind in ("numbers", "texts"))
    ratio = min(texts.seconds) / min(numbers.seconds)
    return [method, feed, f"{numbers.median:.3f}", f"{texts.median:.3f}", f"{ratio:.2f}", *GOAL.cells(ratio)]
