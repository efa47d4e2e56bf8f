"""How the time of every method grows: with rows, with features, with groups; and what the store saves."""

import math
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass

import pg

from benchmarks.database import FEATURES, Bench, create_table, names, scan
from benchmarks.report import Goal, Table, goal_cells
from benchmarks.timing import SERIAL, Case, Timing, interleave
from tests.methods import Growth, entries

FLOOR = "scan: sum of every column, serial"
DROP_MODEL = "DROP TABLE model, model_summary"
STREAM = "SET madpy.store_memory = 0"
# For --rows, and five times the usual table: the defaults hold the usual one.
ROOM = "SET madpy.store_memory = '8GB'; SET madpy.worker_memory = '8GB'"

METHODS: list[Growth] = [method for methods in entries("GROWTH") for method in methods]
ROBUST = Growth("regr_train", "'y', '{x}', robust => true", passes=True)


def call_of(method: Growth, features: int = FEATURES, groups: bool = False) -> str:
    """Return the call over the table `shape` that makes `model`."""
    arguments = method.arguments.format(x=names(features))
    grouping = ", grouping_cols => 'g'" if groups else ""
    return f"SELECT madlib.{method.name}('shape', 'model', {arguments}{grouping})"


def chosen(bench: Bench) -> list[Growth]:
    return [method for method in METHODS if method.name in bench.methods]


# --- rows and features ---


@dataclass(frozen=True)
class Shape:
    """The size of a table, and how often each method is timed over it."""

    rows: int
    features: int
    rounds: int


def by_rows(bench: Bench) -> Table:
    """A tenth of the rows, all of them, and five times as many: once."""
    sizes = [(bench.rows // 10, bench.rounds), (bench.rows, bench.rounds), (5 * bench.rows, 1)]
    return growth(
        bench,
        "Growth with rows",
        f"{FEATURES} features; {5 * bench.rows:,} rows are timed once.",
        {f"{rows:,} rows": Shape(rows, FEATURES, rounds) for rows, rounds in sizes},
    )


def by_features(bench: Bench) -> Table:
    """A fifth of the rows, with 5, 20 and 80 features."""
    rows = bench.rows // 5
    shapes = {f"{features} features": Shape(rows, features, bench.rounds) for features in (5, 20, 80)}
    return growth(bench, "Growth with features", f"{rows:,} rows.", shapes)


def growth(bench: Bench, title: str, intro: str, shapes: dict[str, Shape]) -> Table:
    """A line for each method; for each shape its seconds, its multiple of the scan, and what a row took."""
    measured = [(shape, measure(bench, shape, title)) for shape in shapes.values()]
    lines = [FLOOR, *(method.name for method in chosen(bench))]
    return Table(
        title,
        f"{intro}  Every table has its own serial scan as the floor; methods run as users call them, with"
        " parallel workers, trees to depth 5, k-means with k = 8 and 20 iterations.  What a call takes with"
        " no rows at all is in what a row takes.",
        ["method", *(column for name in shapes for column in (f"{name}, s", "x scan", "ns a row"))],
        [[line, *(cell for item in measured for cell in cells(line, *item))] for line in lines],
    )


def measure(bench: Bench, shape: Shape, title: str) -> dict[str, Timing]:
    """Every method and the floor over one table, which is there only for this."""
    cases = [Case(FLOOR, scan("shape", shape.features), before=SERIAL)]
    cases += [
        Case(method.name, call_of(method, shape.features), before=ROOM, after=DROP_MODEL)
        for method in chosen(bench)
    ]
    with shape_table(bench, shape.rows, shape.features) as connection:
        title = f"{title}: {shape.rows:,} x {shape.features}"
        return interleave(cases, connection, shape.rounds, title, warm_up=shape.rounds > 1)


def cells(line: str, shape: Shape, timings: dict[str, Timing]) -> list[str]:
    seconds, floor = timings[line].median, timings[FLOOR].median
    return [f"{seconds:.3f}", f"{seconds / floor:.2f}", f"{seconds / shape.rows * 1e9:,.0f}"]


@contextmanager
def shape_table(
    bench: Bench, rows: int, features: int = FEATURES, groups: int = 0
) -> Iterator[pg.Connection]:
    """The table `shape` for a while, and a connection in which every method has run before."""
    with closing(bench.connect()) as connection:
        connection.query(ROOM)
        create_shape(connection, 1000, features, groups)
        for method in METHODS:
            connection.query(call_of(method, features))
            connection.query(DROP_MODEL)
        connection.query("DROP TABLE shape")
        create_shape(connection, rows, features, groups)
        yield connection
        connection.query("DROP TABLE shape")


def create_shape(connection: pg.Connection, rows: int, features: int, groups: int) -> None:
    """The table `shape`: x1, x2 ..., y, odds of 0 and 1 that are as hard to find in every shape, and g."""
    logit = " + ".join(f"{(-1) ** i} * x{i}" for i in range(1, features + 1))
    spread = math.sqrt(features / 12)
    odds = f"(random() < 1 / (1 + exp(({logit}) / {spread:.6f})))::integer::double precision AS odds"
    create_table(connection, "shape", rows, features, groups, f", {odds}")


# --- groups and feeds ---


@dataclass(frozen=True)
class Pair:
    """A call in two ways: how many times as long does the second take?"""

    name: str
    calls: tuple[str, str]
    before: tuple[str, str]  # settings of each
    goal: Goal | None = None


def by_groups(bench: Bench) -> Table:
    """Every method in many groups, beside the same call without them."""
    pairs = [
        Pair(
            method.name,
            (call_of(method), call_of(method, groups=True)),
            (ROOM, ROOM),
            None if method.groups_goal is None else Goal(method.groups_goal, "x"),
        )
        for method in chosen(bench)
    ]
    return Table(
        "Growth with groups",
        f"{bench.rows:,} rows, {FEATURES} features, together and in {bench.groups:,} groups.",
        ["method", "together, s", "in groups, s", "x together", "goal", "met"],
        compare(bench, pairs, "groups", bench.groups),
    )


def feeds(bench: Bench) -> Table:
    """Every method of several passes from the store, and streaming: with no memory for a store."""
    robust = [("regr_train, robust errors", ROBUST)] if ROBUST.name in bench.methods else []
    methods = [*robust, *((method.name, method) for method in chosen(bench) if method.passes)]
    pairs = [Pair(name, (call_of(method),) * 2, (ROOM, STREAM)) for name, method in methods]
    return Table(
        "The store and streaming",
        f"{bench.rows:,} rows, {FEATURES} features.  What takes several passes reads the table once, into"
        " memory; or in each pass, with parallel workers, where it does not fit madpy.store_memory.  The"
        " models are the same.",
        ["method", "store, s", "streaming, s", "x store"],
        [row[:4] for row in compare(bench, pairs, "feeds")],
    )


def compare(bench: Bench, pairs: Sequence[Pair], title: str, groups: int = 0) -> list[list[str]]:
    """Name, seconds of both, how many times, goal, met."""
    cases = [
        Case(f"{pair.name} {way}", pair.calls[way], None, pair.before[way], DROP_MODEL)
        for pair in pairs
        for way in (0, 1)
    ]
    with shape_table(bench, bench.rows, groups=groups) as connection:
        timings = interleave(cases, connection, bench.rounds, title)
    rows = []
    for pair in pairs:
        one, other = (timings[f"{pair.name} {way}"].median for way in (0, 1))
        times = other / one
        rows.append([pair.name, f"{one:.3f}", f"{other:.3f}", f"{times:.2f}", *goal_cells(pair.goal, times)])
    return rows
