"""python -m benchmarks.shards [--rows N] [--rounds N] [--write]

Every method over one table and over the same rows on 1, 2 and 4 servers of this machine: time, bytes that
travel, and what more parts cost the server that asks.
"""

import argparse
import os
import re
import sys
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass

import pg

from benchmarks.__main__ import command, setting
from benchmarks.database import FEATURES, Bench, bench_database, names
from benchmarks.growth import DROP_MODEL, METHODS
from benchmarks.relay import Relay
from benchmarks.report import Table, document
from benchmarks.timing import Case, Timing, interleave
from madpy.dev.server import Address, report
from madpy.dev.shards import Shard
from madpy.dev.state import CHECKOUT, here, say
from madpy.errors import MadpyError
from tests.methods import Growth

SERVERS = 4
SPLITS = (1, 2, 4)
TINY = (10, 100, 1000)  # parts of PART_ROWS rows each
PART_ROWS = 20
MODELLED = (10, 100, 1000)
PAGE = CHECKOUT / "docs" / "benchmarks-shards.md"
INTRO = "The methods as in docs/benchmarks.md: k-means with k = 8 and 20 iterations, trees to depth 5."


def main(arguments: list[str]) -> None:
    """Measure, print, and with --write keep."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.shards")
    parser.add_argument("--rows", type=int, default=1_000_000, help="in all (%(default)s)")
    parser.add_argument("--rounds", type=int, default=3, help="how often each is timed (%(default)s)")
    parser.add_argument("--write", action="store_true", help=f"write {PAGE.relative_to(CHECKOUT)}")
    options = parser.parse_args(arguments)
    with bench_database(10_000, options.rounds, []) as bench, servers() as far:
        work = Work(bench, far, options.rows)
        lines = setting(bench)
        print("\n".join(lines))
        tables = []
        for table in work.tables():
            tables.append(table)
            print(f"\n{table.markdown()}", flush=True)
    if options.write:
        repeat = command(arguments).replace("make bench ", "make bench-shards ", 1)
        PAGE.write_text(document(tables, repeat, lines, "Benchmarks of shards"))
        say(f"written: {PAGE.relative_to(CHECKOUT)}")


@contextmanager
def servers() -> Iterator[list[Address]]:
    """Databases with the extension on small clusters, which stop in the end."""
    shards = [Shard.numbered(here(), number) for number in range(1, SERVERS + 1)]
    name = f"madpy_bench_{os.getpid()}"
    addresses = [Address(shard.start().host, database=name) for shard in shards]
    try:
        for address in addresses:
            with closing(address.connect("postgres")) as connection:
                for (left,) in connection.query("SELECT datname FROM pg_database").getresult():
                    if re.fullmatch(r"madpy_bench_\d+", left):
                        connection.query(f"DROP DATABASE {left} WITH (FORCE)")
                connection.query(f"CREATE DATABASE {name}")
            with closing(address.connect()) as connection:
                connection.set_notice_receiver(lambda notice: None)
                connection.query("CREATE EXTENSION madpy CASCADE")
        yield addresses
    finally:
        for shard in shards:
            shard.stop()


@dataclass
class Work:
    """The measurements, in one session of the server that asks the others."""

    bench: Bench
    far: list[Address]
    rows: int

    def tables(self) -> Iterator[Table]:
        with closing(self.bench.connect()) as connection, ExitStack() as relays:
            self._make(connection)
            cases = [
                Case(f"{method.name} of {table}", call(method, table), after=DROP_MODEL)
                for method in METHODS
                for table in ("whole", *(f"on_{split}" for split in SPLITS))
            ]
            for case in cases:  # connections, and the first call of a method
                connection.query(case.run)
                connection.query(DROP_MODEL)
            times = interleave(cases, connection, self.bench.rounds, "on servers")
            yield self._times(times)
            counted = [relays.enter_context(closing(Relay(address.host))) for address in self.far]
            yield self._bytes(connection, counted)
            for number, address in enumerate(self.far):
                connection.query(f"ALTER SERVER s{number} OPTIONS (SET host '{address.host}')")
            tiny = self._many_parts(connection)
            yield self._parts(tiny)
            yield self._model(times, tiny)

    def _make(self, connection: pg.Connection) -> None:
        """`whole`, and on_1, on_2, on_4: the same rows on so many servers."""
        connection.query("CREATE EXTENSION postgres_fdw")
        for number, address in enumerate(self.far):
            options = f"host '{address.host}', dbname '{address.database}', extensions 'madpy'"
            connection.query(
                f"""
                CREATE SERVER s{number} FOREIGN DATA WRAPPER postgres_fdw
                    OPTIONS ({options}, async_capable 'true');
                CREATE USER MAPPING FOR PUBLIC SERVER s{number} OPTIONS (user '{address.user}')
                """
            )
        make_rows(connection, "whole", f"generate_series(1, {self.rows}) AS i")
        for split in SPLITS:
            connection.query(f"CREATE TABLE on_{split} (LIKE whole) PARTITION BY LIST (part)")
            for number in range(split):
                address = self.far[number]
                with closing(address.connect()) as there:
                    series = f"generate_series({number + 1}, {self.rows}, {split}) AS i"
                    make_rows(there, f"of_{split}", series, part=number)
                connection.query(
                    f"""
                    CREATE FOREIGN TABLE on_{split}_{number} PARTITION OF on_{split} FOR VALUES IN ({number})
                        SERVER s{number} OPTIONS (table_name 'of_{split}')
                    """
                )

    def _times(self, times: dict[str, Timing]) -> Table:
        rows = []
        for method in METHODS:
            whole = times[f"{method.name} of whole"].median
            spread = [times[f"{method.name} of on_{split}"].median for split in SPLITS]
            rows.append(
                [method.name, f"{whole:.3f}", *(f"{s:.3f} ({s / whole:.2f})" for s in spread)],
            )
        heads = [f"{split} server{'s' * (split > 1)}, s (x)" for split in SPLITS]
        return Table(
            "Time",
            f"{self.rows:,} rows x {FEATURES} features.  {INTRO}  In brackets: the multiple of one table"
            " here.  Methods of several passes keep that one in memory, the others read it in parallel."
            "  All servers share the machine's cores here, and each reads with one.",
            ["method", "one table, s", *heads],
            rows,
        )

    def _bytes(self, connection: pg.Connection, relays: list[Relay]) -> Table:
        """Measure the bytes that travel for a training on all servers, counted by relays in between."""
        for number, relay in enumerate(relays):
            connection.query(f"ALTER SERVER s{number} OPTIONS (SET host '{relay.host}')")
        pulled = self.rows * (FEATURES + 1) * 8
        rows = []
        for method in METHODS:
            for _ in range(2):  # the first connects
                for relay in relays:
                    relay.reset()
                connection.query(call(method, f"on_{SERVERS}"))
                connection.query(DROP_MODEL)
            sent, received = (sum(getattr(relay, way) for relay in relays) for way in ("sent", "received"))
            largest = max(relay.largest for relay in relays)
            cells = (sent, received, relays[0].asked, largest)
            rows.append([method.name, *(f"{cell:,}" for cell in cells), f"{received / pulled:.2g}"])
        return Table(
            "Bytes that travel",
            f"One training on {SERVERS} servers, all passes; how often each of them is asked, and the largest"
            " answer, a state.  None of it grows with the rows.  Last: as a multiple of the rows' numbers,"
            f" {pulled:,} bytes, which a client would fetch.",
            ["method", "to the servers", "from them", "asked", "largest answer", "x rows"],
            rows,
        )

    def _many_parts(self, connection: pg.Connection) -> dict[int, dict[str, float]]:
        """Seconds of each method over many parts of a few rows."""
        seconds = {}
        for address in self.far:
            with closing(address.connect()) as there:
                make_rows(there, "few", f"generate_series(1, {PART_ROWS}) AS i")
        for parts in TINY:
            connection.query(f"CREATE TABLE tiny_{parts} (LIKE whole) PARTITION BY LIST (part)")
            for number in range(parts):
                connection.query(
                    f"""
                    CREATE FOREIGN TABLE tiny_{parts}_{number} PARTITION OF tiny_{parts}
                        FOR VALUES IN ({number}) SERVER s{number % SERVERS} OPTIONS (table_name 'few')
                    """
                )
            cases = [Case(m.name, call(m, f"tiny_{parts}"), after=DROP_MODEL) for m in METHODS]
            timings = interleave(cases, connection, self.bench.rounds, f"{parts} parts")
            seconds[parts] = {m.name: timings[m.name].median for m in METHODS}
        return seconds

    def _parts(self, tiny: dict[int, dict[str, float]]) -> Table:
        rows = [
            [m.name, *(f"{tiny[parts][m.name]:.3f}" for parts in TINY), f"{1000 * slope(tiny, m):.2f}"]
            for m in METHODS
        ]
        return Table(
            "What a part costs",
            f"Parts of {PART_ROWS} rows on {SERVERS} servers.  It is planning, asking and merging, and the"
            " servers' own work for so few rows, all on this machine.",
            ["method", *(f"{parts:,} parts, s" for parts in TINY), "ms a part"],
            rows,
        )

    def _model(self, times: dict[str, Timing], tiny: dict[int, dict[str, float]]) -> Table:
        """A training over N servers: the slowest server's passes, and N times what a part costs here."""
        rows = []
        for method in METHODS:
            alone = times[f"{method.name} of on_1"].median
            cells = [f"{alone + n * slope(tiny, method):.2f}" for n in MODELLED]
            rows.append([method.name, f"{alone:.2f}", *cells, f"{alone / slope(tiny, method):,.0f}"])
        return Table(
            "What to expect of more servers",
            f"A model, not a measurement, of servers with {self.rows:,} rows each on machines of their own: a"
            " training is what one server took above, and a part's cost for each.  Last: from so many on the"
            " server that asks works longer than they do.",
            ["method", "1 server, s", *(f"{n:,} servers, s" for n in MODELLED), "half is merging at"],
            rows,
        )


def slope(tiny: dict[int, dict[str, float]], method: Growth) -> float:
    """Seconds that one part more costs."""
    few, many = min(TINY), max(TINY)
    return max(tiny[many][method.name] - tiny[few][method.name], 1e-9) / (many - few)


def call(method: Growth, table: str) -> str:
    return f"SELECT madlib.{method.name}('{table}', 'model', {method.arguments.format(x=names())})"


def make_rows(connection: pg.Connection, table: str, series: str, part: int = 0) -> None:
    """Create a table whose numbers follow from i on any server: x1 .. x10 from 0 to 1, y, odds of 0 and 1."""
    draws = ", ".join(f"hashint8extended(i, {j}) / 2 ^ 64 + 0.5 AS x{j}" for j in range(1, FEATURES + 1))
    target = " + ".join(f"{j} * x{j}" for j in range(1, FEATURES + 1))
    logit = " + ".join(f"{(-1) ** j} * x{j}" for j in range(1, FEATURES + 1))
    connection.query(
        f"""
        CREATE UNLOGGED TABLE {table} WITH (autovacuum_enabled = off) AS
        SELECT {names()}, 3 + {target} + noise AS y,
               (noise < 1 / (1 + exp({logit})))::integer::double precision AS odds, {part} AS part
        FROM (SELECT {draws}, hashint8extended(i, 99) / 2 ^ 64 + 0.5 AS noise FROM {series}) AS x
        """
    )
    connection.query(f"VACUUM ANALYZE {table}")


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except (MadpyError, pg.Error) as error:
        sys.exit(report(error))
