"""How time grows with rows and with features."""

from contextlib import closing

from benchmarks.database import FEATURES, Bench, create_table, names, scan
from benchmarks.report import Table
from benchmarks.speed import DROP_MODEL, train
from benchmarks.timing import SERIAL, Case, interleave

FLOOR, PARALLEL, ALONE = "scan", "regr_train", "regr_train, serial"


def growth(bench: Bench) -> Table:
    """A tenth of the rows, all of them, with --large five times as many; 5, 20 and 80 features."""
    shapes = [(bench.rows // 10, FEATURES), (bench.rows, FEATURES)]
    shapes += [(5 * bench.rows, FEATURES)] if bench.large else []
    shapes += [(bench.rows // 5, features) for features in (5, 20, 80)]
    return Table(
        "Growth",
        "Each table has its own serial scan as the floor.  The last column is what a row costs regr_train,"
        " serial, beyond that scan; what a call costs with no rows at all is in it.",
        ["rows", "features", "scan, s", "regr_train, s", "x scan", "serial, s", "x scan", "ns a row"],
        [measure(bench, rows, features) for rows, features in shapes],
    )


def measure(bench: Bench, rows: int, features: int) -> list[str]:
    """One line of the table."""
    call = train("shape", features=names(features))
    cases = [
        Case(FLOOR, scan("shape", features), before=SERIAL),
        Case(PARALLEL, call, after=DROP_MODEL),
        Case(ALONE, call, before=SERIAL, after=DROP_MODEL),
    ]
    with closing(bench.connect()) as connection:
        create_table(connection, "shape", rows, features)
        timings = interleave(cases, connection, bench.rounds, "growth")
        connection.query("DROP TABLE shape")
    floor, parallel, alone = (timings[name].median for name in (FLOOR, PARALLEL, ALONE))
    return [
        f"{rows:,}",
        str(features),
        f"{floor:.3f}",
        f"{parallel:.3f}",
        f"{parallel / floor:.2f}",
        f"{alone:.3f}",
        f"{alone / floor:.2f}",
        f"{(alone - floor) / rows * 1e9:.0f}",
    ]
