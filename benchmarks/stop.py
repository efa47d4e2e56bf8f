"""How soon calls end that are cancelled: python -m benchmarks.stop [WORD...] [--moments N].

Each call is run once, to the end or for LONGEST, and then cancelled at moments drawn from a fixed seed.  What
is measured is the time from the cancel to the end of the statement.
"""

import argparse
import random
import statistics
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import closing

import pg

from benchmarks.database import bench_database
from benchmarks.report import Table
from madpy.dev.server import Address, report
from madpy.errors import MadpyError
from tests.methods import Call, entries

MARK = 0.2  # seconds
LONGEST = 6  # seconds of a call that are looked at
SEED = 1
CANCELED = "57014"

# Tables: SQL of their rows, with numbers of rows, columns, groups and levels.
TABLES = {
    "wide": """
        SELECT random() + i AS y, random() < 0.5 AS yes,
               ARRAY(SELECT random() + 0 * i FROM generate_series(1, {columns})) AS x
        FROM generate_series(1, {wide_rows}) AS i""",
    "flags": "SELECT random() < 0.5 AS yes, {flags} FROM generate_series(1, {wide_rows}) AS i",
    "long": """
        SELECT random() < 0.5 AS yes, random() AS y, random() AS a, random() AS b, random() AS c,
               (10 * random())::integer AS d FROM generate_series(1, {rows})""",
    "grouped": """
        SELECT i % {groups} AS g, random() < 0.5 AS yes, random() AS y, random() AS a, random() AS b,
               chr(97 + (10 * random())::integer) AS c
        FROM generate_series(1, {group_rows} * {groups}) AS i""",
    "leveled": """
        SELECT (random() * ({classes} - 1))::integer::text AS class, random() < 0.5 AS yes, random() AS y,
               'level ' || i % {levels} AS f, random() AS a FROM generate_series(1, 20 * {levels}) AS i""",
    "points": "SELECT row_number() OVER () AS pid, ARRAY[a, b, c] AS coords FROM long",
}
SIZES = {
    "columns": 1500,
    "flags": 1200,
    "wide_rows": 4000,
    "rows": 1_000_000,
    "groups": 10_000,
    "group_rows": 50,
    "classes": 300,
    "levels": 5000,
}
MADE = ("o", "o_summary", "kmeans_out_centroids_run", "kmeans_out_points_run")  # by the calls


CALLS: list[Call] = [call for calls in entries("CANCELLED") for call in calls]


def create_tables(connection: pg.Connection, sizes: Mapping[str, int]) -> None:
    """Make all tables, the same numbers in each run."""
    flags = ", ".join(f"random() < 0.5 AS f{i}" for i in range(sizes["flags"]))
    connection.query("SELECT setseed(0.5)")
    for name, rows in TABLES.items():
        connection.query(f"CREATE UNLOGGED TABLE {name} AS {rows.format(**dict(sizes) | {'flags': flags})}")
        connection.query(f"ANALYZE {name}")


class Stopper:
    """Runs calls in a session, and ends them from another one."""

    def __init__(self, address: Address, sizes: Mapping[str, int] = SIZES, first: str = "") -> None:
        self.address = address
        self.first = first  # SQL for each session
        self.names = {
            "{flags}": ", ".join(f"f{i}" for i in range(sizes["flags"])),
            "{elements}": ", ".join(f"x[{i + 1}]" for i in range(min(sizes["columns"], 900))),
        }
        self.session = self._connect()
        self.other = self._connect()

    def close(self) -> None:
        self.session.close()
        self.other.close()

    def prepare(self, call: Call) -> None:
        """Makes the model that a call needs, and drops the outputs of earlier calls."""
        self._forget()
        self.session.query("DROP TABLE IF EXISTS m, m_summary")
        if call.model:
            self.session.query(self._filled(call.model))

    def whole(self, call: Call, longest: float = LONGEST) -> float:
        """Seconds of a call that is not stopped before `longest`."""
        self.session.query(f"SET statement_timeout = {int(1000 * longest)}")
        ended, error = self._run(call)
        self.session.query("RESET statement_timeout")
        if error is not None and error.sqlstate != CANCELED:
            raise error
        return ended

    def delay(self, call: Call, moment: float, how: str = "pg_cancel_backend") -> float | None:
        """Seconds from the order to the end of a call that is stopped at a moment; None: it had ended."""
        self._forget()
        pid = self.session.backend_pid
        ordered: list[float] = []

        def stop() -> None:
            ordered.append(time.monotonic())
            self.other.query(f"SELECT {how}({pid})")

        timer = threading.Timer(moment, stop)
        started = time.monotonic()
        timer.start()
        seconds, error = self._run(call)
        timer.cancel()
        timer.join()
        if error is None or not ordered:
            return None
        return started + seconds - ordered[0]

    def _run(self, call: Call) -> tuple[float, pg.DatabaseError | None]:
        started = time.monotonic()
        try:
            self.session.query(self._filled(call.sql))
        except pg.DatabaseError as error:
            return time.monotonic() - started, error
        return time.monotonic() - started, None

    def _filled(self, sql: str) -> str:
        for name, columns in self.names.items():
            sql = sql.replace(name, columns)
        return sql

    def _forget(self) -> None:
        if self.session.status != 1:
            self.session.close()
            self.session = self._connect()
        try:
            self.session.query(f"DROP TABLE IF EXISTS {', '.join(MADE)}")
        except pg.DatabaseError as error:  # an order that came when the call had ended
            if error.sqlstate != CANCELED:
                raise
            self._forget()

    def _connect(self) -> pg.Connection:
        connection = self.address.connect()
        connection.set_notice_receiver(lambda notice: None)
        if self.first:
            connection.query(self.first)
        return connection


def moments(seconds: float, count: int, seed: int = SEED) -> Iterator[float]:
    """Moments of a call that takes so long."""
    draws = random.Random(seed)
    return (draws.uniform(0, seconds) for _ in range(count))


def delays(stopper: Stopper, call: Call, count: int) -> list[str]:
    """A line of the table."""
    stopper.prepare(call)
    seconds = min(stopper.whole(call), LONGEST)
    measured = [stopper.delay(call, moment) for moment in moments(seconds, count)]
    known = [delay for delay in measured if delay is not None] or [0.0]
    cells = [f"{number:.3f}" for number in (statistics.median(known), max(known))]
    return [call.name, f"{seconds:.1f}", *cells, "yes" if max(known) <= MARK else "**no**"]


def main(arguments: list[str]) -> None:
    """Print the table of all calls, or of those whose names have one of the words."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.stop", description=__doc__)
    parser.add_argument("words", nargs="*", metavar="WORD", help="parts of names of calls (all)")
    parser.add_argument("--moments", type=int, default=20, help="of each call (%(default)s)")
    options = parser.parse_args(arguments)
    calls = [call for call in CALLS if not options.words or any(word in call.name for word in options.words)]
    with bench_database(1000, 1, []) as bench:
        with closing(bench.connect()) as connection:
            connection.query("DROP TABLE t, small")
            create_tables(connection, SIZES)
        with closing(Stopper(bench.address)) as stopper:
            lines = []
            for call in calls:
                lines.append(delays(stopper, call, options.moments))
                print(*lines[-1], sep="  ", file=sys.stderr, flush=True)
    text = f"Seconds from a cancel to the end of the call; the mark is {MARK}."
    head = ["call", "whole", "median", "longest", "met"]
    print(Table("Cancels", text, head, lines).markdown())


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except (MadpyError, pg.Error) as error:
        sys.exit(report(error))
