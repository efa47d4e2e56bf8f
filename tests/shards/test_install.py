"""madpy install --all-shards, and what doctor says of the servers behind a table."""

import os
import re
import shutil
import signal
import tempfile
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from madpy import __version__
from madpy.cli import app
from madpy.config import load
from madpy.dev.server import Address
from madpy.dev.shards import Shard
from madpy.dev.state import here
from madpy.install import servers
from madpy.install.build import build
from madpy.install.plan import Release
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


# --- install ---


def test_it_is_installed_here_and_there_and_can_be_used(table: Table) -> None:
    result = table.install()
    assert result.exit_code == 0, result.stdout + result.stderr
    told = "; extensions set to 'madpy'; async_capable set to 'true'"
    places = {number: f"{there.host}, database {there.database}" for number, there in table.far.items()}
    assert lines(result) == [
        f'ok here madpy {__version__} in schema "madlib", as an extension, installed now',
        f"ok s1 {places[1]}: {INSTALLED}{told}",
        f"ok s2 {places[2]}: {INSTALLED}{told}",
    ]
    table.sql("SELECT madlib.regr_train('rows', 'm', 'y', 'ARRAY[1, x]')")
    assert table.sql.warnings == []
    assert table.sql.value("SELECT num_rows_processed FROM m_summary") == 100


def test_a_second_time_there_is_nothing_to_do(installed: Table) -> None:
    result = installed.install()
    assert result.exit_code == 0
    assert [line.rpartition(", ")[2] for line in lines(result)] == ["was there"] * 3
    assert installed.options("s1")["extensions"] == "madpy"


def test_what_the_options_had_stays(table: Table) -> None:
    table.sql("ALTER SERVER s1 OPTIONS (ADD extensions 'postgres_fdw', ADD async_capable 'false')")
    assert table.install().exit_code == 0
    options = table.options("s1")
    assert (options["extensions"], options["async_capable"]) == ("postgres_fdw, madpy", "false")


@pytest.mark.parametrize("source", ["far_1", "over", '"O""dd".v'])
def test_a_foreign_table_or_a_view(table: Table, source: str) -> None:
    table.sql("CREATE VIEW over AS SELECT x FROM far_1")
    table.sql('CREATE SCHEMA "O""dd"; CREATE VIEW "O""dd".v AS SELECT x FROM public.over')
    result = table.install(source)
    assert result.exit_code == 0, result.stderr
    assert [line.split()[1] for line in lines(result)] == ["here", "s1"]


def test_a_server_with_an_odd_name(table: Table) -> None:
    table.sql("""ALTER SERVER s1 RENAME TO "o\"\"d'd [b] %" """)
    result = table.install("far_1")
    assert result.exit_code == 0, result.stdout
    assert lines(result)[1].startswith("""ok o"d'd [b] % /""")
    assert """ok server o"d'd [b] % /""" in " ".join(lines(table.madpy("doctor")))


def test_only_libpqs_options_of_server_and_mapping_are_taken(table: Table) -> None:
    table.sql("ALTER SERVER s1 OPTIONS (ADD fetch_size '10', ADD use_remote_estimate 'true')")
    nowhere = {"PGHOST": "/nowhere", "PGPORT": "1", "PGPASSWORD": "secret", "PGDATABASE": "none"}
    assert table.install(**nowhere).exit_code == 0


# --- what is in the way of one server does not stop the others ---


def fails(table: Table, fact: str, remedy: str) -> None:
    """s1 fails as said and is not told; s2 is installed."""
    result = table.install()
    said = lines(result)
    assert result.exit_code == 1
    assert said[1].startswith("bad s1 "), said
    assert fact in said[1]
    assert said[2].startswith("to do: ")
    assert remedy in said[2]
    assert said[3].startswith("ok s2 ") and INSTALLED in said[3]
    assert "extensions" not in table.options("s1")


def test_a_server_that_is_down(table: Table) -> None:
    table.sql("ALTER SERVER s1 OPTIONS (SET host '/nowhere')")
    fails(table, 'connection to server on socket "/nowhere/', "Start it, or mend the options of the server")


def test_a_role_that_is_no_superuser_there(table: Table) -> None:
    role = table.far[1].database
    table.there(1, f"CREATE ROLE {role} LOGIN")
    try:
        table.sql(f"ALTER USER MAPPING FOR public SERVER s1 OPTIONS (SET user '{role}')")
        remedy = f"there, as a superuser: madpy install -d {role}; then this command again"
        fails(table, f'role "{role}" may not install madpy', remedy)
    finally:
        table.there(1, f"DROP ROLE {role}")


def test_a_server_without_the_files(table: Table) -> None:
    table.there(1, f"ALTER DATABASE {table.far[1].database} SET {where_extensions_are(table)} = '/nowhere'")
    fails(
        table, "it does not have the files of madpy", f"make install of madpy {__version__} on that machine"
    )


def test_another_version_without_a_way_to_ours(table: Table) -> None:
    version_there(table, 1, "0.0.9")
    fact = f'extension "madpy" has no update path from version "0.0.9" to version "{__version__}"'
    fails(table, fact, f"make install of madpy {__version__} on that machine")


def test_something_in_the_way_there(table: Table) -> None:
    table.there(1, "CREATE SCHEMA madlib; CREATE TABLE madlib.t ()")
    fails(table, 'schema "madlib" is in use for something else', "")


def test_a_role_without_a_user_mapping(table: Table) -> None:
    table.sql("DROP USER MAPPING FOR public SERVER s1")
    remedy = f'CREATE USER MAPPING FOR "{table.near.user}" SERVER "s1" OPTIONS (...)'
    fails(table, f'role "{table.near.user}" has no user mapping', remedy)


def test_an_older_version_is_upgraded(table: Table) -> None:
    version_there(table, 1, "0.0.9")
    root = Path(tempfile.mkdtemp(prefix="madpy-", dir="/tmp"))  # the server's user cannot read tmp_path
    try:
        root.chmod(0o755)
        folder = root / Path(here().pg["sharedir"]).relative_to("/") / "extension"
        build(folder, Release(load(), older=("0.0.9",)))
        setting = where_extensions_are(table)
        value = root if setting == "extension_destdir" else f"{folder.parent}:$system"
        table.there(1, f"ALTER DATABASE {table.far[1].database} SET {setting} = '{value}'")
        result = table.install()
    finally:
        shutil.rmtree(root)
    assert result.exit_code == 0, result.stdout
    assert f"madpy {__version__}, upgraded from 0.0.9" in lines(result)[1]


def test_a_server_of_somebody_else(installed: Table) -> None:
    """A role without rights reads neither the mapping nor sets the option, and is told so."""
    role = installed.near.database
    installed.sql(f"CREATE ROLE {role} LOGIN")
    try:
        result = installed.install("rows", "-U", role)
        said = lines(result)
        assert result.exit_code == 1
        assert f'role "{role}" may not read its user mapping' in said[1]
        installed.sql("ALTER SERVER s1 OPTIONS (DROP extensions)")
        installed.sql(f"GRANT USAGE ON FOREIGN SERVER s1 TO {role}")
        mapping = f"user '{installed.near.user}', password_required 'false', password 'secret'"
        installed.sql(f"CREATE USER MAPPING FOR {role} SERVER s1 OPTIONS ({mapping})")
        result = installed.install("far_1", "-U", role)
        assert "must be owner of foreign server s1" in lines(result)[1]
        assert """ALTER SERVER "s1" OPTIONS (ADD extensions 'madpy')""" in lines(result)[2]
    finally:
        installed.sql(f"DROP OWNED BY {role} CASCADE; DROP ROLE {role}")


def test_a_password_is_never_printed(table: Table) -> None:
    table.sql("ALTER USER MAPPING FOR public SERVER s1 OPTIONS (ADD password 'it''s \\secret')")
    table.sql("ALTER USER MAPPING FOR public SERVER s2 OPTIONS (ADD password 'secret')")
    table.sql("ALTER SERVER s2 OPTIONS (SET host '/nowhere')")
    said = table.install()
    assert [line[:6] for line in lines(said)[1:]] == ["ok s1 ", "bad s2", "to do:"]
    for result in (said, table.madpy("doctor")):
        assert "secret" not in result.stdout + result.stderr


# --- what is no task for it ---


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("near", 'no part of "near" is on another server'),
        ("nothing", 'table "nothing" does not exist'),
        ("a.b.c.d", "improper relation name (too many dotted names): a.b.c.d"),
        ("a.", 'table "a." does not exist'),
        ("", 'table "" does not exist'),
    ],
)
def test_a_table_that_is_not_on_servers(table: Table, source: str, message: str) -> None:
    result = table.install(source)
    assert result.exit_code == 1
    assert result.stdout == ""
    assert message in result.stderr
    assert table.sql("SELECT FROM pg_extension WHERE extname = 'madpy'") == []


@pytest.mark.parametrize("option", [["--plain"], ["--schema", "ml"]])
def test_a_plain_installation_cannot_be_sent(table: Table, option: list[str]) -> None:
    result = table.install("rows", *option)
    assert result.exit_code == 2
    assert "--all-shards takes the extension" in result.stderr


def test_madpy_by_plain_sql_here(table: Table) -> None:
    table.madpy("install", "--plain")
    result = table.install()
    assert result.exit_code == 1
    assert result.stderr.startswith("error: madpy is installed by plain SQL here, and only an extension is")


def test_names_of_others_are_not_run(table: Table) -> None:
    """A search_path that the database's owner chose is for the name of the table only."""
    table.sql(
        "CREATE SCHEMA evil;"
        "CREATE TABLE evil.loot (who text);"
        "CREATE FUNCTION evil.equal(oid, oid) RETURNS boolean LANGUAGE plpgsql AS"
        " $$ BEGIN INSERT INTO evil.loot VALUES (current_user); RETURN true; END $$;"
        "CREATE OPERATOR evil.= (leftarg = oid, rightarg = oid, function = evil.equal);"
        "CREATE VIEW evil.rows AS SELECT * FROM public.far_2;"
        f"ALTER DATABASE {table.near.database} SET search_path = evil, pg_catalog, public"
    )
    result = table.install()
    assert [line.split()[1] for line in lines(result)] == ["here", "s2"]
    assert table.sql("SELECT * FROM evil.loot") == []


# --- doctor ---


def found(table: Table, number: int = 1) -> str:
    """Return the finding of doctor about a server in one line, with the remedy."""
    said = lines(table.madpy("doctor"))
    place = next(i for i, line in enumerate(said) if f" server s{number} " in line)
    remedy = [line for line in said[place + 1 : place + 2] if line.startswith("to do")]
    address = table.far[number]
    return " ".join([said[place], *remedy]).replace(f"{address.host}, database {address.database}", "PLACE")


def test_doctor_of_servers_that_are_as_they_should_be(installed: Table) -> None:
    result = installed.madpy("doctor")
    assert result.exit_code == 0, result.stdout
    for number in SHARDS:
        said = found(installed, number)
        assert said == f"ok server s{number} PLACE: madpy {__version__}, the same as here"


def test_doctor_of_a_server_that_is_not_told(installed: Table) -> None:
    installed.sql("ALTER SERVER s1 OPTIONS (DROP extensions)")
    assert installed.madpy("doctor").exit_code == 0
    assert found(installed) == (
        f"note server s1 PLACE: madpy {__version__}; not told of it here, so that rows would be fetched"
        " to do: madpy install --all-shards TABLE, to train on them"
    )


def test_doctor_of_a_server_without_madpy(installed: Table) -> None:
    installed.there(1, "DROP EXTENSION madpy")
    assert installed.madpy("doctor").exit_code == 1
    said = found(installed)
    assert said.startswith("bad server s1 PLACE: no extension madpy: ")
    assert said.endswith("to do: madpy install --all-shards TABLE")


def test_madpy_by_plain_sql_there_will_do(table: Table) -> None:
    there = table.far[1]
    where = ["-h", there.host, "-p", str(there.port), "-U", there.user, "-d", there.database]
    assert CliRunner().invoke(app, ["install", "--plain", *where]).exit_code == 0
    result = table.install()
    assert result.exit_code == 0
    assert f"madpy {__version__}, was there" in lines(result)[1]
    assert found(table) == "ok server s1 PLACE: madpy by plain SQL, the same as here"


def test_doctor_of_another_version(installed: Table) -> None:
    installed.there(1, "UPDATE pg_extension SET extversion = '0.0.9' WHERE extname = 'madpy'")
    assert found(installed) == (
        f"bad server s1 PLACE: madpy 0.0.9, but {__version__} here"
        " to do: madpy install --all-shards TABLE, or madpy upgrade here"
    )


def test_doctor_and_install_of_another_library(installed: Table) -> None:
    """The other server has another madpy.so: here we say that ours is one."""
    installed.sql(
        "CREATE OR REPLACE FUNCTION madlib.__c_version() RETURNS text LANGUAGE sql AS 'SELECT ''9'''"
    )
    said = found(installed)
    assert f'server "s1": madpy is {__version__} here, and 9 where it was asked from' in said
    assert f"to do: make install of madpy {__version__} on that machine" in said
    assert installed.install().exit_code == 1


def test_doctor_of_a_server_that_is_down(installed: Table) -> None:
    installed.sql("ALTER SERVER s1 OPTIONS (SET host '/nowhere')")
    said = found(installed)
    assert said.startswith("bad server s1 /nowhere, database ")
    assert 'no answer: could not connect to server "s1"' in said
    assert said.endswith("to do: start it, or mend the server's options or your user mapping")


def test_install_and_doctor_of_a_server_that_hangs(installed: Table, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(servers, "PATIENCE", 2)
    postmaster = int((Shard.numbered(here(), 1).data / "postmaster.pid").read_text().split()[0])
    os.kill(postmaster, signal.SIGSTOP)
    try:
        told = found(installed)
        result = installed.install()
    finally:
        os.kill(postmaster, signal.SIGCONT)
    # before PostgreSQL 16 the option ends the wait, from then on statement_timeout
    assert re.search('no answer: (could not connect to server "s1": .*timeout expired|none within 7 s)', told)
    assert "timeout expired" in lines(result)[1]
    assert lines(result)[3].endswith("was there")
    assert "connect_timeout" not in installed.options("s1")


def test_doctor_of_a_role_without_rights_on_servers(installed: Table) -> None:
    role = installed.near.database
    installed.sql(f"CREATE ROLE {role} LOGIN")
    try:
        said = lines(installed.madpy("doctor", "-U", role))
    finally:
        installed.sql(f"DROP ROLE {role}")
    assert any(
        "note server s1" in line and "permission denied for foreign server s1" in line for line in said
    )


def test_doctor_leaves_nothing_behind(installed: Table) -> None:
    before = installed.sql("SELECT count(*) FROM pg_class")
    installed.madpy("doctor")
    assert installed.sql("SELECT count(*) FROM pg_class") == before


def where_extensions_are(table: Table) -> str:
    """The setting with the folder of the private clusters' extensions."""
    known = {name for (name,) in table.sql("SELECT name FROM pg_settings")}
    return "extension_destdir" if "extension_destdir" in known else "extension_control_path"


def version_there(table: Table, number: int, version: str) -> None:
    table.there(number, "CREATE EXTENSION madpy CASCADE")
    table.there(number, f"UPDATE pg_extension SET extversion = '{version}' WHERE extname = 'madpy'")
