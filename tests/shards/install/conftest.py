"""A table on servers without madpy, and the commands install and doctor over it."""

import os
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from itertools import count

import pytest
from typer.testing import CliRunner, Result

from madpy import __version__
from madpy.cli import app
from madpy.dev.server import Address
from tests.session import Session
from tests.shards.conftest import Far, add_server

NUMBERS = count(1)
SHARDS = (1, 2)
INSTALLED = f"madpy {__version__}, installed now"


@dataclass(frozen=True)
class Table:
    """`public.rows` of a database `near`, on the servers s1 and s2: databases that have no madpy."""

    near: Address
    far: dict[int, Address]
    sql: Session

    def there(self, number: int, query: str) -> None:
        with closing(self.far[number].connect()) as connection:
            connection.set_notice_receiver(lambda notice: None)
            connection.query(query)

    def madpy(self, *arguments: str, **environment: str) -> Result:
        where = ["-h", self.near.host, "-p", str(self.near.port), "-d", self.near.database]
        user = [] if "-U" in arguments else ["-U", self.near.user]
        return CliRunner(env=environment).invoke(app, [*arguments, *where, *user])

    def install(self, table: str = "rows", *options: str, **environment: str) -> Result:
        return self.madpy("install", "--all-shards", table, *options, **environment)

    def options(self, server: str) -> dict[str, str]:
        query = (
            "SELECT o.* FROM pg_foreign_server, pg_options_to_table(srvoptions) AS o"
            f" WHERE srvname = '{server}'"
        )
        return dict(self.sql(query))


@pytest.fixture
def table(server: Address, far: Far) -> Iterator[Table]:
    name = f"madpy_shards_{os.getpid()}_{next(NUMBERS)}"
    maintenance = {number: far.addresses[number] for number in SHARDS}
    near = Address(server.host, server.port, server.user, name)
    addresses = {number: Address(there.host, database=name) for number, there in maintenance.items()}
    for address in (server, *maintenance.values()):
        with closing(address.connect()) as connection:
            connection.query(f"CREATE DATABASE {name}")
    for number, address in addresses.items():
        with closing(address.connect()) as connection:
            query = f"SELECT {number} AS place, sin(i) AS x, cos(i) AS y FROM generate_series(1, 50) AS i"
            connection.query(f"CREATE TABLE t AS {query}")
    with closing(near.connect()) as connection:
        sql = Session(connection)
        sql("CREATE EXTENSION postgres_fdw")
        sql(
            "CREATE TABLE rows (place integer, x double precision, y double precision)"
            " PARTITION BY LIST (place)"
        )
        sql("CREATE TABLE near PARTITION OF rows FOR VALUES IN (0)")
        for number, address in addresses.items():
            add_server(sql, f"s{number}", address, extensions="")
            sql(f"ALTER SERVER s{number} OPTIONS (DROP async_capable)")
            sql(
                f"CREATE FOREIGN TABLE far_{number} PARTITION OF rows FOR VALUES IN ({number})"
                f" SERVER s{number} OPTIONS (table_name 't')"
            )
        yield Table(near, addresses, sql)
    for address in (server, *maintenance.values()):
        with closing(address.connect("postgres")) as connection:
            connection.query(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def installed(table: Table) -> Table:
    """Return the table once madpy is installed on all of its servers."""
    assert table.install().exit_code == 0
    return table


def lines(result: Result) -> list[str]:
    return [" ".join(line.split()) for line in result.stdout.splitlines()]


def found(table: Table, number: int = 1) -> str:
    """Return the finding of doctor about a server in one line, with the remedy."""
    said = lines(table.madpy("doctor"))
    place = next(i for i, line in enumerate(said) if f" server s{number} " in line)
    remedy = [line for line in said[place + 1 : place + 2] if line.startswith("to do")]
    address = table.far[number]
    return " ".join([said[place], *remedy]).replace(f"{address.host}, database {address.database}", "PLACE")


def where_extensions_are(table: Table) -> str:
    """The setting with the folder of the private clusters' extensions."""
    known = {name for (name,) in table.sql("SELECT name FROM pg_settings")}
    return "extension_destdir" if "extension_destdir" in known else "extension_control_path"


def version_there(table: Table, number: int, version: str) -> None:
    table.there(number, "CREATE EXTENSION madpy CASCADE")
    table.there(number, f"UPDATE pg_extension SET extversion = '{version}' WHERE extname = 'madpy'")
