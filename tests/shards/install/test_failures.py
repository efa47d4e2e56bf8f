"""Servers that madpy install --all-shards cannot have do not stop it on the others."""

import shutil
import tempfile
from pathlib import Path

from madpy import __version__
from madpy.config import load
from madpy.dev.state import here
from madpy.install.build import build
from madpy.install.plan import Release
from tests.shards.install.conftest import INSTALLED, Table, lines, version_there, where_extensions_are


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
