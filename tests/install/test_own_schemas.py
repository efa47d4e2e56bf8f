"""The schema of projects: installed beside the library's, kept by upgrades, not removed with users' rows."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from typer.testing import CliRunner, Result

from madpy import __version__
from madpy.cli import app
from madpy.config import load
from madpy.dev.server import Address
from madpy.errors import MadpyError
from madpy.install import apply, check
from madpy.install.doctor import examine
from madpy.install.plan import Product, Release
from madpy.install.state import Installation, ignored, locate, located
from madpy.install.upgrade import upgrade
from madpy.ports.postgres import plpy
from madpy.ports.postgres.session.db import Database

REAL = Release(load())
OTHER = Release(load().with_schema("ml").with_own_schemas({"projects": "other"}))
MODEL = """
    CREATE TABLE public.t AS SELECT i::float8 AS x, 3.0 * i + 1 AS y FROM generate_series(1, 100) AS i;
    SELECT {schema}.sk_train('public.t', 'public.m', 'y', 'x', 'ridge');
    SELECT {own}.__write('add_project', 'P'::text, 'regression'::text);
    SELECT {own}.__write('add_snapshot', 1::bigint, '{{"relation_name": "public.t", "y_column_name": ["y"],
        "features": [], "test_size": 0.25, "test_sampling": "random", "seed": 0}}'::jsonb);
    SELECT {own}.__write('add_model', 1::bigint, 1::bigint, '{{"algorithm": "ridge", "hyperparams": {{}},
        "preprocess": {{}}, "status": "successful", "seed": 0, "libraries": {{}}}}'::jsonb, model)
    FROM public.m;
    SELECT {own}.deploy(1)
"""


@pytest.fixture
def madpy(server: Address, name: str, db: Database) -> Callable[..., Result]:
    """Runs the command on the test's database: madpy("install", "--plain")."""

    def run(command: str, *options: str) -> Result:
        where = ["-h", server.host, "-p", str(server.port), "-U", server.user, "-d", name]
        result = CliRunner().invoke(app, [command, *where, *options])
        plpy.connect(name, server.host, server.port, server.user)  # the command has closed the connection
        return result

    return run


def train(db: Database, schema: str = "madlib", own: str = "pgml") -> float:
    """Make project P with a model, which is deployed; return what it predicts for 2: about 7."""
    for statement in MODEL.format(schema=schema, own=own).split(";\n"):
        db.execute("{statement:q}", statement=statement)
    return predicted(db, own)


def predicted(db: Database, own: str = "pgml") -> float:
    value = float(db.value("SELECT {own:i}.predict('P', 2.0)", own=own))
    assert abs(value - 7) < 0.1
    return value


def schemas(db: Database) -> set[str]:
    rows = db.execute(
        "SELECT nspname FROM pg_namespace WHERE nspname !~ '^(pg_[^m]|information_schema|public)'"
    )
    return {row["nspname"] for row in rows}


# --- installing ---


@pytest.mark.parametrize("plain", [False, True])
def test_a_schema_that_is_there_already(db: Database, plain: bool) -> None:
    db.execute("CREATE SCHEMA pgml CREATE TABLE models (x int)")
    with pytest.raises(MadpyError) as caught:
        apply.install(db, REAL, plain)
    assert caught.value.sqlstate == "42P06"
    assert caught.value.message == 'schema "pgml" is there already, and is not madpy\'s'
    assert caught.value.hint == (
        "Choose another name (madpy install --projects-schema NAME), or: ALTER SCHEMA pgml RENAME TO ...."
    )
    assert schemas(db) == {"pgml"}


def test_a_schema_of_another_role(db: Database, name: str) -> None:
    """Nothing in it is looked at."""
    db.execute("CREATE ROLE {role:i}", role=name)
    try:
        db.execute("CREATE SCHEMA pgml AUTHORIZATION {role:i}", role=name)
        with pytest.raises(MadpyError, match='schema "pgml" is there already'):
            apply.install(db, REAL)
    finally:
        db.execute("DROP OWNED BY {role:i}; DROP ROLE {role:i}", role=name)


def test_other_schemas_from_install_to_uninstall(madpy: Callable[..., Result], db: Database) -> None:
    db.execute("CREATE SCHEMA pgml")
    options = ("--schema", "ml", "--projects-schema", "other")
    said = f'madpy {__version__} in schema "ml", from the plain script\n'
    result = madpy("install", *options)
    assert (result.exit_code, result.stdout) == (0, f"installed: {said}"), result.stderr
    assert schemas(db) == {"pgml", "ml", "other"}
    checked = madpy("check")
    assert checked.exit_code == 0, checked.stdout
    assert ["ok", "projects"] in [line.split()[:2] for line in checked.stdout.splitlines()]
    train(db, "ml", "other")
    comment = db.value("SELECT obj_description('other.deploy(text, text, text, bigint)'::regprocedure)")
    assert "other.deploy('Wine', 'rollback')" in comment
    db.execute("SELECT other.drop_project('P')")
    assert madpy("upgrade").stdout == f"up to date: {said}"
    db.execute("DROP TABLE public.m, public.m_summary")
    result = madpy("uninstall")
    assert (result.exit_code, result.stdout) == (0, f"removed: {said}"), result.stderr
    assert schemas(db) == {"pgml"}


def test_render_fills_the_schema_in() -> None:
    script = CliRunner().invoke(app, ["render", "--projects-schema", "other"]).stdout
    assert "CREATE TABLE other.__projects" in script
    assert "pgml" not in script


@pytest.mark.parametrize("name", ["Other", "pg_x", "a b", 'x"; DROP', "madlib"])
def test_a_name_that_is_none(name: str) -> None:
    result = CliRunner().invoke(app, ["render", "--projects-schema", name])
    assert result.exit_code == 1


# --- upgrading ---


def test_an_upgrade_keeps_projects(db: Database) -> None:
    """The library is installed over itself: every statement is repeated."""
    installation = apply.install(db, OTHER, plain=True)
    before = train(db, "ml", "other")
    db.execute(
        "REVOKE USAGE ON SCHEMA other FROM PUBLIC; REVOKE SELECT ON other.models FROM PUBLIC;"
        " REVOKE EXECUTE ON FUNCTION other.__write FROM PUBLIC"
    )
    rights = """
        SELECT array_agg(acl::text ORDER BY kind, oid) FROM (
            SELECT 'f' AS kind, oid, proacl AS acl FROM pg_proc WHERE pronamespace = 'other'::regnamespace
            UNION ALL SELECT 'r', oid, relacl FROM pg_class WHERE relnamespace = 'other'::regnamespace
            UNION ALL SELECT 's', oid, nspacl FROM pg_namespace WHERE nspname = 'other'
        ) AS one
        """
    granted = db.value(rights)
    following = Release(load(), "next", older=(__version__,))
    assert upgrade(db, installation, following) == Installation(
        "ml", "next", "plain", (("projects", "other"),)
    )
    assert predicted(db, "other") == before
    assert db.value(rights) == granted
    assert db.value("SELECT other.__write('add_project', 'Q'::text, 'regression'::text)") == 2
    assert db.value("SELECT other.version()") == "next"


def test_an_upgrade_of_the_extension_keeps_projects(
    db: Database, server: Address, name: str, offer: Callable[[Release], None]
) -> None:
    plpy.close()
    plpy.connect(name, server.host, server.port, server.user)
    installation = apply.install(db, REAL)
    before = train(db)
    following = Release(load(), "next", older=(__version__,))
    offer(following)
    plpy.connect(name, server.host, server.port, server.user)
    assert upgrade(db, installation, following).version == "next"
    assert predicted(db) == before
    assert db.value("SELECT pgml.__write('add_project', 'Q'::text, 'regression'::text)") == 2


def test_an_upgrade_that_brings_projects_finds_their_schema_taken(
    db: Database,
    install: Callable[[Release], Installation],
    offer: Callable[[Release], None],
    product: Product,
) -> None:
    """The older version is one without projects."""
    without = replace(load(), modules=tuple(one for one in load().modules if one.name != "projects"))
    installation = install(Release(without, "0"))
    db.execute("CREATE SCHEMA pgml")
    following = Release(load(), older=("0",))
    if product == "extension":
        offer(following)
    with pytest.raises(MadpyError) as caught:
        upgrade(db, installation, following)
    assert caught.value.message == 'schema "pgml" is there already, and is not madpy\'s'
    assert caught.value.hint == "Rename it: ALTER SCHEMA pgml RENAME TO ...."
    db.execute("DROP SCHEMA pgml")
    upgrade(db, installation, following)
    train(db)


# --- uninstalling ---


@pytest.mark.parametrize("plain", [False, True])
def test_rows_of_users_are_not_dropped(db: Database, plain: bool) -> None:
    installation = apply.install(db, REAL, plain)
    train(db)
    with pytest.raises(MadpyError) as caught:
        apply.uninstall(db, installation, REAL)
    assert caught.value.sqlstate == "2BP01"
    assert caught.value.message == (
        "madpy keeps rows of yours in pgml.__projects, pgml.__snapshots, pgml.__models, pgml.__deployments"
    )
    assert caught.value.hint == (
        "Drop your projects first: SELECT pgml.drop_project(name) FROM pgml.projects.  Nothing was removed."
    )
    db.execute("SELECT pgml.drop_project(name) FROM pgml.projects")
    apply.uninstall(db, installation, REAL)
    assert schemas(db) == set()


@pytest.mark.parametrize("plain", [False, True])
def test_example_data_are_named_and_not_dropped(db: Database, plain: bool) -> None:
    installation = apply.install(db, REAL, plain)
    db.execute("SELECT pgml.load_dataset('iris')")
    with pytest.raises(MadpyError) as caught:
        apply.uninstall(db, installation, REAL)
    what = 'schemas "madlib" and "pgml" also have objects that are not madpy\'s:'
    assert caught.value.message == f"{what if plain else 'madpy is still needed by'} table pgml.iris"
    db.execute("DROP TABLE pgml.iris")
    apply.uninstall(db, installation, REAL)
    assert schemas(db) == set()


# --- check and doctor ---


def test_check(db: Database) -> None:
    installation = apply.install(db, OTHER, plain=True)
    answers = {answer.module: answer for answer in check.check(db, installation, REAL)}
    assert answers["projects"].ok, answers["projects"].detail


def test_the_doctor_counts_projects_and_names_those_of_dropped_roles(db: Database, name: str) -> None:
    apply.install(db, REAL)
    train(db)
    db.execute("CREATE ROLE {role:i}", role=name)
    number = db.value("SELECT oid::text FROM pg_roles WHERE rolname = {role:l}", role=name)
    db.execute("SELECT pgml.grant_project('P', {role:l})", role=name)

    def said() -> list[tuple[str, str, str | None]]:
        found = [one for one in examine(db) if one.what == "projects"]
        return [(one.state, one.fact, one.remedy) for one in found]

    counted = ("good", '1 in schema "pgml", 1 with a model that is deployed', None)
    assert said() == [counted]
    db.execute("SELECT pgml.transfer_project('P', {role:l})", role=name)
    db.execute("DROP ROLE {role:i}", role=name)
    assert said() == [
        counted,
        (
            "bad",
            f'"P" belongs to a role that was dropped, number {number}',
            "before the next dump of the database: pgml.transfer_project or drop_project",
        ),
        (
            "bad",
            f'"P" may be used by a role that was dropped, number {number}',
            f"before the next dump of the database: SELECT pgml.revoke_project('P', '{number}')",
        ),
    ]
    db.execute("SELECT pgml.transfer_project('P', 'madpy')")
    db.execute("SELECT pgml.revoke_project('P', {number:l})", number=number)
    assert said() == [counted]


def test_a_function_of_another_in_the_schema_is_not_called(db: Database, name: str) -> None:
    """A check could call the function, with the rights of a superuser."""
    installation = apply.install(db, REAL, plain=True)
    db.execute("CREATE ROLE {role:i}", role=name)
    try:
        db.execute("GRANT CREATE ON SCHEMA pgml TO {role:i}; SET ROLE {role:i}", role=name)
        db.execute("CREATE FUNCTION pgml.__part(integer, float8) RETURNS float8 LANGUAGE sql AS 'SELECT 1.0'")
        db.execute("RESET ROLE")
        assert locate(db) is None
        assert ignored(db) == [
            f'schema "madlib": function pgml.__part(integer,double precision) belongs to role "{name}",'
            " not a superuser"
        ]
    finally:
        db.execute("RESET ROLE; DROP OWNED BY {role:i}; DROP ROLE {role:i}", role=name)
    assert located(db) == installation
