"""Upgrading from an invented older version: what is new comes, what is users' stays."""

from collections.abc import Callable

import pytest

from madpy import __version__
from madpy.config import load
from madpy.dev.server import Address
from madpy.errors import MadpyError
from madpy.install import apply
from madpy.install.plan import Product, Release
from madpy.install.state import Installation, locate
from madpy.install.upgrade import upgrade
from madpy.ports.postgres import plpy
from madpy.ports.postgres.session.db import Database

Install = Callable[[Release], Installation]
NEW_IN_2 = """
CREATE FUNCTION MADLIB_SCHEMA.version() RETURNS text LANGUAGE sql AS $$SELECT 'two'$$;
CREATE FUNCTION MADLIB_SCHEMA.twice(x integer) RETURNS integer LANGUAGE sql AS $$SELECT x + x$$;
CREATE FUNCTION MADLIB_SCHEMA.half(x integer) RETURNS integer LANGUAGE sql AS $$SELECT x / 2$$;
CREATE DOMAIN MADLIB_SCHEMA.small AS integer CHECK (value < 10);
"""


@pytest.fixture
def upgraded(
    db: Database, server: Address, name: str, install: Install, offer: Callable[[Release], None],
    product: Product, older: Release, release: Release,
) -> Callable[[str], Installation]:  # fmt: skip
    """Installs version 1, runs a user's SQL, and upgrades to version 2: upgraded(sql)."""

    def run(sql: str) -> Installation:
        installation = install(older)
        db.execute("{sql_of_the_user:q}", sql_of_the_user=sql)
        (release.home / "modules" / "a" / "a.sql").write_text(NEW_IN_2)
        if product == "extension":
            offer(release)
        return upgrade(db, installation, release)

    return run


def test_what_is_new_comes(db: Database, upgraded: Callable[[str], Installation], product: Product) -> None:
    assert upgraded("SELECT 1") == Installation("madlib", "2", product)
    assert db.value("SELECT madlib.version()") == "two"
    assert db.value("SELECT madlib.half(6::madlib.small)") == 3


def test_views_and_grants_stay(db: Database, upgraded: Callable[[str], Installation]) -> None:
    upgraded(
        """
        CREATE VIEW public.v AS SELECT madlib.twice(21) AS answer, 1::madlib.percent AS share;
        CREATE TABLE madlib.mine AS SELECT 1 AS x;
        REVOKE EXECUTE ON FUNCTION madlib.twice FROM PUBLIC
        """
    )
    assert db.value("SELECT answer FROM public.v") == 42
    assert db.value("SELECT count(*) FROM madlib.mine") == 1
    rights = db.execute(
        """
        SELECT proname, proacl::text ~ '[{,]=X/' AS everybody FROM pg_proc
        WHERE proname IN ('twice', 'thrice', 'half') AND pronamespace = 'madlib'::regnamespace
        ORDER BY proname
        """
    )
    assert [tuple(row.values()) for row in rights] == [("half", True), ("thrice", True), ("twice", False)]


def test_afterwards_it_is_removed_whole(
    db: Database, upgraded: Callable[[str], Installation], release: Release
) -> None:
    apply.uninstall(db, upgraded("SELECT 1"), release)
    assert db.value("SELECT to_regnamespace('madlib')") is None


def test_the_same_version_is_up_to_date(db: Database, install: Install, release: Release) -> None:
    installation = install(release)
    assert upgrade(db, installation, release) == installation


def test_a_migration_comes_first(
    db: Database, upgraded: Callable[[str], Installation], release: Release
) -> None:
    folder = release.home / "install" / "migrations"
    folder.mkdir()
    (folder / "1--2.sql").write_text("ALTER TYPE MADLIB_SCHEMA.pair ADD ATTRIBUTE third integer;")
    upgraded("SELECT 1")
    assert db.value("SELECT (ROW(1, 2, 3)::madlib.pair).third") == 3


def test_a_failure_leaves_the_old_version(
    db: Database, upgraded: Callable[[str], Installation], release: Release
) -> None:
    folder = release.home / "install" / "migrations"
    folder.mkdir()
    (folder / "1--2.sql").write_text("DROP FUNCTION MADLIB_SCHEMA.twice;")
    with pytest.raises(MadpyError, match="cannot drop function"):
        upgraded("CREATE VIEW public.v AS SELECT madlib.twice(21)")
    installation = locate(db)
    assert installation is not None
    assert (installation.version, db.value("SELECT madlib.version()")) == ("1", "1")


def test_a_function_of_yours_is_not_replaced(upgraded: Callable[[str], Installation], db: Database) -> None:
    with pytest.raises(MadpyError) as caught:
        upgraded("CREATE FUNCTION madlib.half(x integer) RETURNS integer LANGUAGE sql AS 'SELECT 0'")
    assert "half(integer)" in caught.value.message
    assert db.value("SELECT madlib.half(6)") == 0


def test_the_real_library_can_be_installed_over_itself(db: Database) -> None:
    installation = apply.install(db, Release(load()), plain=True)
    db.execute(
        "CREATE VIEW public.v AS SELECT madlib.mregr_coef(x, ARRAY[1, x]) FROM generate_series(1, 3) AS x"
    )
    following = Release(load(), "next", older=(__version__,))
    assert upgrade(db, installation, following).version == "next"
    assert db.value("SELECT madlib.version()").startswith("madpy next")


def test_no_way_from_an_unknown_version(db: Database, older: Release, release: Release) -> None:
    installation = apply.install(db, Release(older.config, "0.5", home=older.home), plain=True)
    with pytest.raises(MadpyError) as caught:
        upgrade(db, installation, release)
    assert caught.value.message == "there is no way to upgrade from madpy 0.5 to 2"
    hint = "Run madpy uninstall, then madpy install.  Versions that can be upgraded: 1."
    assert caught.value.hint == hint


def test_no_script_on_the_server(
    db: Database,
    server: Address,
    name: str,
    offer: Callable[[Release], None],
    older: Release,
    release: Release,
) -> None:
    offer(older)
    plpy.connect(name, server.host, server.port, server.user)
    installation = apply.install(db, older)
    offer(Release(release.config, "3", home=release.home))
    with pytest.raises(MadpyError) as caught:
        upgrade(db, installation, release)
    assert caught.value.message == 'extension "madpy" has no update path from version "1" to version "3"'
    assert "make install" in (caught.value.hint or "")
