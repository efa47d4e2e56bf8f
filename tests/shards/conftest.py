"""Three small clusters with madpy; the table `rows` lies on them, `flat` has the same in one piece."""

import os
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass

import pytest

from madpy.dev.server import Address
from madpy.dev.shards import Shard
from madpy.dev.state import here
from tests.conftest import drop_leftovers
from tests.session import Session

SHARDS = (1, 2, 3)
COLUMNS = """
    id bigint, y double precision, x1 double precision, x2 double precision, x3 integer, flag boolean,
    colour text, place integer, day date, amount numeric
"""
# Deterministic; a tenth of x2 is NULL; groups: place (0 .. 3), colour, amount (1, 1.0 and 1.00 are equal).
VALUES = """
    SELECT i::bigint AS id, sin(i) + (i % 7) + CASE WHEN i % 3 = 0 THEN 2 ELSE 0 END AS y,
           cos(i * i) * 10 AS x1,
           CASE WHEN i % 10 <> 0 THEN i % 13 + sin(i * 3) END AS x2, i % 5 AS x3, i % 7 > 3 AS flag,
           CASE i % 4 WHEN 0 THEN 'red' WHEN 1 THEN 'it''s "green"' WHEN 2 THEN 'blau ü' END AS colour,
           i % 6 AS place, date '2020-01-01' + i % 3 AS day,
           CASE i % 3 WHEN 0 THEN 1.0 WHEN 1 THEN 1.00 ELSE 2.5 END::numeric AS amount
    FROM generate_series(1, 3000) AS i
"""


@dataclass(frozen=True)
class Far:
    """The other clusters' databases of this run, by number."""

    addresses: dict[int, Address]

    def session(self, number: int) -> Session:
        return Session(self.addresses[number].connect())


@pytest.fixture(scope="session")
def far(server: Address) -> Iterator[Far]:
    """The clusters run until the tests are over; each has a database of this run, with the extension."""
    shards = {number: Shard.numbered(here(), number) for number in SHARDS}
    addresses = {}
    for number, shard in shards.items():
        maintenance = shard.start()
        name = f"madpy_test_{os.getpid()}"
        with closing(maintenance.connect()) as connection:
            drop_leftovers(connection)
            connection.query(f"CREATE DATABASE {name}")
        addresses[number] = Address(maintenance.host, database=name)
        with closing(addresses[number].connect()) as connection:
            connection.set_notice_receiver(lambda notice: None)
            connection.query("CREATE EXTENSION madpy CASCADE")
    yield Far(addresses)
    for shard in shards.values():
        shard.stop()


@pytest.fixture
def sharded(sql: Session, far: Far, schema: str) -> Iterator[Session]:
    """A session with `rows`: a local partition, foreign ones on three servers, two of them in a partition."""
    sql("CREATE EXTENSION IF NOT EXISTS postgres_fdw SCHEMA public")
    for number, address in far.addresses.items():
        with closing(address.connect()) as connection:
            connection.query(f"CREATE SCHEMA {schema}")
            connection.query(f"CREATE TABLE {schema}.t ({COLUMNS})")
            connection.query(f"INSERT INTO {schema}.t SELECT * FROM ({VALUES}) AS v WHERE place = {number}")
            if number == 1:  # a second table, as if of another server
                connection.query(f"CREATE TABLE {schema}.u AS SELECT * FROM ({VALUES}) AS v WHERE place = 4")
        add_server(sql, f"{schema}_s{number}", address)
    add_server(sql, f"{schema}_s4", far.addresses[1])
    sql(f"CREATE TABLE flat AS SELECT * FROM ({VALUES}) AS v")
    sql(f"CREATE TABLE rows ({COLUMNS}) PARTITION BY LIST (place)")
    sql("CREATE TABLE near PARTITION OF rows FOR VALUES IN (0)")
    sql("CREATE TABLE more PARTITION OF rows FOR VALUES IN (1, 4, 5) PARTITION BY RANGE (place)")
    # Columns in another order, and one dropped, as a table has that was attached.
    sql(
        "CREATE TABLE attached (gone text, day date, amount numeric, place integer, colour text,"
        " flag boolean, x3 integer, x2 double precision, x1 double precision, y double precision, id bigint)"
    )
    sql("ALTER TABLE attached DROP COLUMN gone")
    sql("ALTER TABLE more ATTACH PARTITION attached FOR VALUES FROM (5) TO (6)")
    foreign(sql, "far_1", "more", "FROM (1) TO (2)", f"{schema}_s1", schema, "t")
    foreign(sql, "far_4", "more", "FROM (4) TO (5)", f"{schema}_s4", schema, "u")
    foreign(sql, "far_2", "rows", "IN (2)", f"{schema}_s2", schema, "t")
    foreign(sql, "far_3", "rows", "IN (3)", f"{schema}_s3", schema, "t")
    sql(f"INSERT INTO rows SELECT * FROM ({VALUES}) AS v WHERE place IN (0, 5)")
    assert sql.value("SELECT count(*) FROM rows") == 3000
    yield sql
    sql("ROLLBACK")
    sql("SET client_min_messages = warning")
    sql("DROP EXTENSION postgres_fdw CASCADE")


def add_server(sql: Session, name: str, address: Address, extensions: str = "madpy") -> None:
    options = f"host '{address.host}', dbname '{address.database}', async_capable 'true'"
    if extensions:
        options += f", extensions '{extensions}'"
    sql(f"CREATE SERVER {name} FOREIGN DATA WRAPPER postgres_fdw OPTIONS ({options})")
    mapping = f"user '{address.user}', password_required 'false'"
    sql(f"CREATE USER MAPPING FOR PUBLIC SERVER {name} OPTIONS ({mapping})")


def foreign(sql: Session, name: str, parent: str, bounds: str, server: str, schema: str, table: str) -> None:
    sql(
        f"CREATE FOREIGN TABLE {name} PARTITION OF {parent} FOR VALUES {bounds}"
        f" SERVER {server} OPTIONS (schema_name '{schema}', table_name '{table}')"
    )


@pytest.fixture
def explained(sharded: Session) -> Session:
    """Make the plans of all statements of the session, those of drivers too, come as notices."""
    sharded("LOAD 'auto_explain'")
    for setting in ("log_min_duration = 0", "log_nested_statements = on", "log_verbose = on"):
        sharded(f"SET auto_explain.{setting}")
    sharded("SET auto_explain.log_level = notice")
    return sharded
