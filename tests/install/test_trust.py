"""Objects that any role can make are not taken for madpy: a superuser's command would run them."""

from collections.abc import Callable, Iterator

import pytest

from madpy import config
from madpy.dev.server import Address
from madpy.errors import MadpyError
from madpy.install import apply
from madpy.install.doctor import examine
from madpy.install.plan import Release
from madpy.install.state import Installation, ignored, locate, located
from madpy.ports.postgres import plpy
from madpy.ports.postgres.session.db import Database

FORGED = """
    CREATE SCHEMA m;
    CREATE TABLE m.__installed (kind text, identity text);
    INSERT INTO m.__installed VALUES ('version', '9');
    CREATE FUNCTION m.__c_version() RETURNS text LANGUAGE plpgsql AS $$
    BEGIN
        EXECUTE (SELECT format('ALTER ROLE %s SUPERUSER', nspowner::regrole)
                 FROM pg_namespace WHERE nspname = 'm');
        RETURN '9';
    END $$;
"""


@pytest.fixture
def mallory(db: Database, server: Address, name: str) -> Iterator[str]:
    """A role that may create schemas in the database."""
    mallory = f"{name}_mallory"
    db.execute("CREATE ROLE {role:i}", role=mallory)
    db.execute("GRANT CREATE ON DATABASE {name:i} TO {role:i}", name=name, role=mallory)
    yield mallory
    plpy.connect(name, server.host, server.port, server.user)
    db.execute("DROP OWNED BY {role:i} CASCADE", role=mallory)
    db.execute("DROP ROLE {role:i}", role=mallory)


def does(db: Database, mallory: str, script: str) -> None:
    db.execute("SET ROLE {role:i}", role=mallory)
    db.execute("{script:q}", script=script)
    db.execute("RESET ROLE")


def is_superuser(db: Database, mallory: str) -> bool:
    return bool(db.value("SELECT rolsuper FROM pg_roles WHERE rolname = {name:l}", name=mallory))


def reason(name: str, mallory: str) -> str:
    return f'schema "{name}": schema {name} belongs to role "{mallory}", not a superuser'


def test_a_forged_installation_is_not_called(db: Database, mallory: str) -> None:
    does(db, mallory, FORGED)
    found = {finding.what: finding for finding in examine(db)}
    assert not is_superuser(db, mallory)
    assert found["madpy in SQL"].fact == "not installed in this database"
    assert (found["ignored"].state, found["ignored"].fact) == ("note", reason("m", mallory))
    with pytest.raises(MadpyError, match='not installed in this database in schema "m"') as caught:
        located(db, "m")
    assert caught.value.detail == f"Ignored: {reason('m', mallory)}."


def test_a_forged_one_does_not_hide_the_real_one(
    db: Database, mallory: str, install: Callable[[Release], Installation], release: Release
) -> None:
    installation = install(release)
    does(db, mallory, FORGED)
    assert locate(db) == installation
    apply.uninstall(db, installation, release)


def test_a_function_of_another_beside_the_real_ones_is_not_called(
    db: Database, mallory: str, install: Callable[[Release], Installation], release: Release
) -> None:
    install(release)
    db.execute("GRANT CREATE ON SCHEMA madlib TO {role:i}", role=mallory)
    does(db, mallory, "CREATE FUNCTION madlib.twice(x smallint) RETURNS int LANGUAGE sql AS 'SELECT 1'")
    assert locate(db) is None
    assert ignored(db) == [
        f'schema "madlib": function madlib.twice(smallint) belongs to role "{mallory}", not a superuser'
    ]


@pytest.mark.parametrize("plain", [True, False])
def test_a_schema_of_another_is_not_installed_into(db: Database, mallory: str, plain: bool) -> None:
    does(
        db,
        mallory,
        "CREATE SCHEMA madlib CREATE VIEW __installed AS SELECT 'version' AS kind, 1 / 0 AS identity",
    )
    with pytest.raises(MadpyError) as caught:
        apply.install(db, Release(config.load()), plain)
    assert caught.value.sqlstate == "55000"
    assert caught.value.message == (
        f'role "{mallory}", not a superuser, may create objects in schema "madlib"'
    )
    assert (caught.value.hint or "").startswith(
        "Take a schema of a superuser's (madpy install --schema NAME)"
    )


@pytest.mark.parametrize("grantee", ["mallory", "public"])
def test_nor_a_schema_that_others_may_create_in(db: Database, mallory: str, grantee: str) -> None:
    role = mallory if grantee == "mallory" else "public"
    db.execute("CREATE SCHEMA madlib")
    db.execute("GRANT CREATE ON SCHEMA madlib TO {role:q}", role=role)
    with pytest.raises(MadpyError, match=f'role "{role}", not a superuser, may create') as caught:
        apply.install(db, Release(config.load()), plain=True)
    assert caught.value.sqlstate == "55000"
