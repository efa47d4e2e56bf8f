"""Installing: both products, all or nothing, and clear words where it cannot be done."""

import subprocess
from collections.abc import Callable

import pytest

from madpy.config import load
from madpy.dev.server import Address, client_environment
from madpy.dev.state import here
from madpy.errors import MadpyError
from madpy.install import apply
from madpy.install.plan import Product, Release
from madpy.install.render import install_script
from madpy.install.state import Installation, locate
from madpy.ports.postgres.session.db import Database

Install = Callable[[Release], Installation]


def psql(server: Address, database: str, script: str) -> subprocess.CompletedProcess[str]:
    """As `psql -f`."""
    return subprocess.run(
        [here().program("psql"), "-X", "-q", "-d", database, "-f", "-"],
        input=script,
        text=True,
        capture_output=True,
        env=client_environment(server),
    )


def schemas(db: Database) -> list[str]:
    rows = db.execute(
        "SELECT nspname FROM pg_namespace WHERE nspname !~ '^(pg_|information_schema)' ORDER BY 1"
    )
    return [row["nspname"] for row in rows]


def test_it_works(db: Database, install: Install, release: Release, product: Product) -> None:
    assert install(release) == Installation("madlib", "2", product)
    assert db.value("SELECT madlib.version()") == "2"
    assert db.value("SELECT madlib.total(madlib.thrice(four)) FROM madlib.four, generate_series(1, 2)") == 24
    assert db.value("SELECT 5::madlib.pair::text") == "(5,5)"


def test_everybody_may_use_it(db: Database, install: Install, release: Release) -> None:
    install(release)
    db.execute("BEGIN")
    db.execute("CREATE ROLE madpy_nobody; SET ROLE madpy_nobody")
    assert db.value("SELECT madlib.twice(2)") == 4
    db.execute("ROLLBACK")
    not_granted = db.execute(
        """
        SELECT proname FROM pg_proc
        WHERE pronamespace = 'madlib'::regnamespace AND (proacl IS NULL OR proacl::text !~ '[{,]=X/')
        """
    )
    assert not_granted == []


def test_twice(install: Install, release: Release, product: Product) -> None:
    install(release)
    with pytest.raises(MadpyError) as caught:
        install(release)
    how = "as an extension" if product == "extension" else "from the plain script"
    assert caught.value.sqlstate == "42710"
    assert caught.value.message == f'madpy 2 ({how}) is installed in schema "madlib" already'
    assert caught.value.hint == "Run madpy upgrade to bring it up to date, or madpy uninstall to remove it."


def test_into_a_schema_that_is_in_use(db: Database, install: Install, release: Release) -> None:
    db.execute(
        "CREATE SCHEMA madlib; CREATE TABLE madlib.customers (id int); CREATE DOMAIN madlib.age AS int"
    )
    with pytest.raises(MadpyError) as caught:
        install(release)
    assert caught.value.sqlstate == "42P06"
    assert caught.value.message == 'schema "madlib" is in use for something else'
    assert caught.value.detail == "It holds, among others: table madlib.customers, type madlib.age."
    assert locate(db) is None


def test_create_extension_by_hand_says_so_too(
    server: Address, name: str, offer: Callable[[Release], None], release: Release
) -> None:
    offer(release)
    done = psql(
        server, name, "CREATE SCHEMA madlib CREATE TABLE customers (id int); CREATE EXTENSION madpy CASCADE;"
    )
    assert 'schema "madlib" is in use for something else' in done.stderr
    assert "It holds, among others: table customers." in done.stderr


def test_into_an_empty_schema(db: Database, install: Install, release: Release) -> None:
    db.execute("CREATE SCHEMA madlib")
    assert install(release).schema == "madlib"


def test_without_the_rights(db: Database, install: Install, release: Release) -> None:
    db.execute("CREATE ROLE madpy_without_rights")
    try:
        db.execute("SET ROLE madpy_without_rights")
        with pytest.raises(MadpyError) as caught:
            apply.install(db, release, plain=True)
    finally:
        db.execute("RESET ROLE; DROP ROLE madpy_without_rights")
    assert caught.value.sqlstate == "42501"
    assert caught.value.message == 'role "madpy_without_rights" may not install madpy'
    assert "superuser" in (caught.value.hint or "")


def test_without_the_c_library(db: Database, release: Release) -> None:
    db.execute("DO 'BEGIN END'")  # from PostgreSQL 18 on plpgsql is looked for on that path as well
    db.execute("SET dynamic_library_path = '/nowhere'")
    with pytest.raises(MadpyError) as caught:
        apply.install(db, release, plain=True)
    assert (caught.value.sqlstate, caught.value.message) == ("58P01", "this server cannot load madpy.so")
    assert "(looked for in /nowhere)" in (caught.value.detail or "")
    assert "make install" in (caught.value.hint or "")


def test_a_failure_in_the_middle_leaves_nothing(db: Database, install: Install, release: Release) -> None:
    before = schemas(db)
    (release.home / "modules" / "b" / "b.sql").write_text("SELECT 1 / 0;")
    with pytest.raises(MadpyError) as caught:
        install(release)
    assert (caught.value.sqlstate, caught.value.message) == ("22012", "division by zero")
    assert (schemas(db), locate(db)) == (before, None)


def test_the_error_says_which_template(db: Database, release: Release) -> None:
    (release.home / "modules" / "b" / "b.sql").write_text("SELECT 1 / 0;")
    with pytest.raises(MadpyError) as caught:
        apply.install(db, release, plain=True)
    assert caught.value.detail == "in step: module b"


def test_two_schemas_of_one_database(db: Database, release: Release) -> None:
    apply.install(db, release, plain=True)
    other = Release(release.config.with_schema("ml"), "2", home=release.home)
    apply.install(db, other, plain=True)
    assert db.value("SELECT ml.twice(madlib.twice(1))") == 4
    with pytest.raises(MadpyError, match="more than once") as caught:
        locate(db)
    assert caught.value.hint == "Choose one with --schema."
    assert locate(db, "ml") == Installation("ml", "2", "plain")


def test_the_plain_script_through_psql(server: Address, name: str, db: Database, release: Release) -> None:
    script = install_script(release, "plain")
    done = psql(server, name, script)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert db.value("SELECT madlib.twice(2)") == 4
    again = psql(server, name, script)
    assert again.returncode == 3
    assert 'madpy 2 (from the plain script) is installed in schema "madlib" already' in again.stderr


def test_the_plain_script_stops_psql_and_leaves_nothing(
    server: Address, name: str, db: Database, release: Release
) -> None:
    before = schemas(db)
    (release.home / "modules" / "b" / "b.sql").write_text("SELECT 1 / 0;")
    done = psql(server, name, install_script(release, "plain"))
    assert (done.returncode, done.stderr.count("ERROR")) == (3, 1)
    assert schemas(db) == before


def test_the_script_of_an_extension_does_nothing_in_psql(
    server: Address, name: str, release: Release
) -> None:
    done = psql(server, name, install_script(release, "extension"))
    assert done.stdout == 'Use "CREATE EXTENSION madpy CASCADE" to load this file.\n'


def test_the_real_library_installs_by_the_plain_script(server: Address, name: str, db: Database) -> None:
    installation = apply.install(db, Release(load()), plain=True)
    assert db.value("SELECT madlib.version()").startswith(f"madpy {installation.version}")
