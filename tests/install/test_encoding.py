"""A database whose encoding is not UTF8 is refused, because PL/Python sends statements as UTF-8."""

import os
from collections.abc import Iterator
from contextlib import closing

import pytest

from madpy import config
from madpy.dev.server import Address
from madpy.errors import MadpyError
from madpy.install import apply
from madpy.install.doctor import examine
from madpy.install.plan import Release, install_steps
from madpy.ports.postgres import plpy
from madpy.ports.postgres.session.db import Database

HINT = "Create the database with ENCODING 'UTF8'"


@pytest.fixture(params=["LATIN1", "SQL_ASCII"])
def encoding(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def db(server: Address, encoding: str) -> Iterator[Database]:
    """A fresh database of that encoding."""
    name = f"madpy_encoding_{os.getpid()}"
    with closing(server.connect("postgres")) as maintenance:
        maintenance.query(f"CREATE DATABASE {name} TEMPLATE template0 ENCODING '{encoding}' LOCALE 'C'")
        plpy.connect(name, server.host, server.port, server.user)
        yield Database(plpy)
        plpy.close()
        maintenance.query(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.mark.parametrize("plain", [True, False])
def test_install_refuses(db: Database, encoding: str, plain: bool) -> None:
    with pytest.raises(MadpyError, match=f"has the encoding {encoding}, and madpy needs UTF8") as caught:
        apply.install(db, Release(config.load()), plain)
    assert caught.value.sqlstate == "0A000"
    assert (caught.value.hint or "").startswith(HINT)
    assert db.value("SELECT to_regnamespace('madlib') IS NULL")


def test_doctor_says_so(db: Database, encoding: str) -> None:
    found = next(finding for finding in examine(db) if finding.what == "database")
    assert (found.state, found.fact.split(", ")[1]) == ("bad", encoding)
    assert found.remedy == "create one with ENCODING 'UTF8': madpy needs it"


def test_a_call_refuses_where_it_is_installed_all_the_same(db: Database, encoding: str) -> None:
    db.execute("SET madpy_install.before = '{}'")
    apply.run(db, install_steps(Release(config.load()), "plain")[1:])
    db.execute("CREATE TABLE cities AS SELECT x::float8 AS y, x::float8 FROM generate_series(1, 9) AS x")
    with pytest.raises(MadpyError) as caught:
        db.execute("SELECT madlib.regr_train('cities', 'model', 'y', 'x')")
    assert caught.value.sqlstate == "0A000"
    assert (
        caught.value.message == f"regr_train: the database has the encoding {encoding}, and madpy needs UTF8"
    )
    assert caught.value.hint == HINT + "."
