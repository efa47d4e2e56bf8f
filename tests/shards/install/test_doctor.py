"""Findings of madpy doctor about the servers behind a table."""

import os
import re
import signal

import pytest
from typer.testing import CliRunner

from madpy import __version__
from madpy.cli import app
from madpy.dev.shards import Shard
from madpy.dev.state import here
from madpy.install import servers
from tests.shards.install.conftest import (
    SHARDS,
    Table,
    found,
    lines,
)


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
        f"note server s1 PLACE: madpy {__version__}; not in the option extensions here,"
        " so that rows would be fetched"
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
    assert f'server "s1": madpy is {__version__} here, and 9 on the server that asks' in said
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
