"""The database of a run on the private cluster, dropped when the run ends, and its tables."""

import os
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass

import pg

from madpy.dev.server import Address, start
from madpy.dev.state import here

FEATURES = 10
MAX_GROUPS = 10_000


@dataclass(frozen=True)
class Bench:
    """A database with tables `t` (`rows` rows, x1 .. x10, y) and `small`."""

    address: Address
    rows: int
    rounds: int
    methods: Sequence[str]  # whose growth is measured

    @property
    def groups(self) -> int:
        """Return the number of groups of the table with groups: each has 100 rows or more."""
        return min(MAX_GROUPS, self.rows // 100)

    def connect(self) -> pg.Connection:
        """A new connection; what the server has to say is not for the terminal."""
        connection = self.address.connect()
        connection.set_notice_receiver(lambda notice: None)
        return connection


def names(features: int = FEATURES) -> str:
    """The feature columns, as a list of SQL."""
    return ", ".join(f"x{i}" for i in range(1, features + 1))


def scan(table: str = "t", features: int = FEATURES) -> str:
    """The floor: SQL that does next to nothing with every number of a table but read it."""
    sums = ", ".join(f"sum(x{i})" for i in range(1, features + 1))
    return f"SELECT {sums}, sum(y) FROM {table}"


@contextmanager
def bench_database(rows: int, rounds: int, methods: Sequence[str]) -> Iterator[Bench]:
    """A fresh database with the extension and the tables, named for this process as those of the tests."""
    server = start(here())
    address = Address(server.host, server.port, server.user, f"madpy_bench_{os.getpid()}")
    bench = Bench(address, rows, rounds, methods)
    with closing(server.connect("postgres")) as maintenance:
        maintenance.query(f"CREATE DATABASE {address.database}")
        try:
            with closing(bench.connect()) as connection:
                connection.query("CREATE EXTENSION madpy CASCADE")
                create_table(connection, "t", rows)
                create_table(connection, "small", 1000)
            yield bench
        finally:
            maintenance.query(f"DROP DATABASE {address.database} WITH (FORCE)")


def create_table(
    connection: pg.Connection, name: str, rows: int, features: int = FEATURES, groups: int = 0, more: str = ""
) -> None:
    """Make a table, vacuumed and read once; `more` is SQL of further columns, each with its comma before it.

    Nothing is logged or vacuumed behind the measurements' back.
    """
    draws = ", ".join(f"random() AS x{i}" for i in range(1, features + 1))
    target = " + ".join(f"{i} * x{i}" for i in range(1, features + 1))
    group = f", floor({groups} * random())::integer AS g" if groups else ""
    connection.query("SELECT setseed(0.5)")
    connection.query(
        f"""
        CREATE UNLOGGED TABLE {name} WITH (autovacuum_enabled = off) AS
        SELECT {names(features)}, 3 + {target} + random() AS y {group} {more}
        FROM (SELECT {draws} FROM generate_series(1, {rows})) AS x
        """
    )
    connection.query(f"VACUUM ANALYZE {name}")
    connection.query(scan(name, features))
