"""Uninstalling takes away what madpy made and nothing else."""

from collections.abc import Callable

import pytest

from madpy.errors import MadpyError
from madpy.install import apply
from madpy.install.plan import Release
from madpy.install.state import Installation, locate
from madpy.ports.postgres.session.db import Database

Install = Callable[[Release], Installation]


def things(db: Database) -> set[tuple[str, str]]:
    """All that there is, except plpython3u, which stays."""
    rows = db.execute(
        """
        SELECT i.type, i.identity
        FROM (SELECT 'pg_proc'::regclass AS classid, oid FROM pg_proc
              UNION ALL SELECT 'pg_class'::regclass, oid FROM pg_class
              UNION ALL SELECT 'pg_type'::regclass, oid FROM pg_type
              UNION ALL SELECT 'pg_cast'::regclass, oid FROM pg_cast
              UNION ALL SELECT 'pg_namespace'::regclass, oid FROM pg_namespace) AS o,
             pg_identify_object(o.classid, o.oid, 0) AS i
        WHERE i.identity !~ '^pg_(toast|temp)|plpython3'
        """
    )
    return {(row["type"], row["identity"]) for row in rows}


def refused(db: Database, installation: Installation, release: Release) -> MadpyError:
    before = things(db)
    with pytest.raises(MadpyError) as caught:
        apply.uninstall(db, installation, release)
    assert things(db) == before
    assert caught.value.sqlstate == "2BP01"
    return caught.value


def test_nothing_is_left(db: Database, install: Install, release: Release) -> None:
    before = things(db)
    apply.uninstall(db, install(release), release)
    assert things(db) == before
    assert locate(db) is None


def test_a_schema_that_was_there_stays(db: Database, install: Install, release: Release) -> None:
    db.execute("CREATE SCHEMA madlib")
    before = things(db)
    apply.uninstall(db, install(release), release)
    assert things(db) == before


def test_a_view_that_needs_it_is_named(db: Database, install: Install, release: Release) -> None:
    installation = install(release)
    db.execute("CREATE VIEW public.sums AS SELECT madlib.total(x) FROM generate_series(1, 3) AS x")
    error = refused(db, installation, release)
    assert error.message == "madpy is still needed by view public.sums"
    assert error.hint == "Drop or change these first.  Nothing was removed."
    db.execute("DROP VIEW public.sums")
    apply.uninstall(db, installation, release)


def test_columns_defaults_and_functions_that_need_it_are_named(
    db: Database, install: Install, release: Release
) -> None:
    installation = install(release)
    db.execute(
        "CREATE TABLE public.t (pairs madlib.pair[], share madlib.percent, n int DEFAULT madlib.twice(1))"
    )
    db.execute("CREATE FUNCTION public.f(madlib.pair) RETURNS int LANGUAGE sql AS 'SELECT 1'")
    assert refused(db, installation, release).message == (
        "madpy is still needed by column pairs of table public.t, column share of table public.t, "
        "default value for column n of table public.t, function public.f(madlib.pair)"
    )


def test_a_table_of_yours_in_the_schema_is_named(db: Database, install: Install, release: Release) -> None:
    installation = install(release)
    db.execute("CREATE TABLE madlib.mine (x int)")
    error = refused(db, installation, release)
    assert error.message == 'schema "madlib" also has objects that are not madpy\'s: table madlib.mine'


def test_without_the_rights(db: Database, install: Install, release: Release) -> None:
    installation = install(release)
    db.execute("CREATE ROLE madpy_without_rights")
    try:
        db.execute("SET ROLE madpy_without_rights")
        with pytest.raises(MadpyError, match="must be owner of") as caught:
            apply.uninstall(db, installation, release)
    finally:
        db.execute("RESET ROLE; DROP ROLE madpy_without_rights")
    assert caught.value.sqlstate == "42501"
