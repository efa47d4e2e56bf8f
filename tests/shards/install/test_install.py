"""madpy install --all-shards on servers that it can have, and tables that are no task for it."""

import pytest

from madpy import __version__
from tests.shards.install.conftest import INSTALLED, Table, lines


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
