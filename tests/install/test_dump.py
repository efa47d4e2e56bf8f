"""A database with madpy and a view on it goes through pg_dump, and is whole afterwards."""

import subprocess
from collections.abc import Callable
from contextlib import closing

import pytest

from madpy.dev.server import Address, client_environment
from madpy.dev.state import here
from madpy.errors import MadpyError
from madpy.install import apply
from madpy.install.plan import Product, Release
from madpy.install.state import Installation, locate
from madpy.ports.postgres import plpy
from madpy.ports.postgres.session.db import Database

USERS = """
    CREATE VIEW public.v AS SELECT madlib.twice(21) AS answer, 7::madlib.percent AS share;
    CREATE TABLE public.t AS SELECT ROW(1, 2)::madlib.pair AS p;
    CREATE TABLE madlib.mine AS SELECT 1 AS x;
"""


def copy(server: Address, name: str, target: str) -> None:
    """`pg_dump name | psql target`."""

    def call(program: str, *options: str, given: str | None = None) -> str:
        command = [here().program(program), *options]
        done = subprocess.run(
            command, input=given, text=True, capture_output=True, env=client_environment(server)
        )
        assert (done.returncode, done.stderr) == (0, "")
        return done.stdout

    dump = call("pg_dump", name)
    call("psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", target, given=dump)


def test_dump_and_restore(
    db: Database, server: Address, name: str, install: Callable[[Release], Installation],
    offer: Callable[[Release], None], release: Release, product: Product,
) -> None:  # fmt: skip
    install(release)
    db.execute("{users:q}", users=USERS)
    plpy.close()
    with closing(server.connect("postgres")) as maintenance:
        # The copy sees the same extension files: the setting of the database comes along by hand.
        maintenance.query(f"CREATE DATABASE {name}_copy")
        try:
            settings = maintenance.query(
                f"""
                SELECT unnest(setconfig)
                FROM pg_db_role_setting AS s JOIN pg_database AS d ON d.oid = s.setdatabase
                WHERE d.datname = '{name}'
                """
            ).getresult()
            for (setting,) in settings:
                key, value = setting.split("=", 1)
                maintenance.query(f"ALTER DATABASE {name}_copy SET {key} = '{value}'")
            copy(server, name, f"{name}_copy")
            plpy.connect(f"{name}_copy", server.host, server.port, server.user)
            whole_and_removable(db, release, product)
        finally:
            plpy.close()
            maintenance.query(f"DROP DATABASE {name}_copy WITH (FORCE)")


def whole_and_removable(db: Database, release: Release, product: Product) -> None:
    installation = locate(db)
    assert installation == Installation("madlib", "2", product)
    assert db.execute("SELECT answer, share FROM public.v") == [{"answer": 42, "share": 7.0}]
    db.execute("BEGIN")
    db.execute("CREATE ROLE madpy_nobody; SET ROLE madpy_nobody")
    assert db.value("SELECT madlib.twice(2)") == 4
    db.execute("ROLLBACK")
    with pytest.raises(MadpyError, match=r"still needed by column p of table public.t, .*view public.v"):
        apply.uninstall(db, installation, release)
    db.execute("DROP VIEW public.v; DROP TABLE public.t, madlib.mine")
    apply.uninstall(db, installation, release)
    assert db.value("SELECT to_regnamespace('madlib')") is None
