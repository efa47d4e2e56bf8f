"""A table, projects that end with the test, and sessions of several roles."""

from collections.abc import Callable, Iterator

import pytest

from tests.projects import made
from tests.session import Session


@pytest.fixture
def table(sql: Session) -> None:
    """Table t: 100 rows of x and of y = 3 x + 1."""
    sql(
        "CREATE TABLE t AS SELECT i AS id, i::float8 AS x, 3.0 * i + 1 AS y FROM generate_series(1, 100) AS i"
    )


@pytest.fixture
def name(sql: Session) -> Iterator[str]:
    """The name of a project, which is dropped afterwards, if a test has made it."""
    name = made.fresh()
    yield name
    sql("ROLLBACK; RESET SESSION AUTHORIZATION; RESET ROLE")
    sql("SET search_path = pg_catalog")
    sql(f"SELECT pgml.drop_project(name) FROM pgml.projects WHERE name = '{name}'")


@pytest.fixture
def roles(sql: Session, schema: str) -> Iterator[Callable[[str], str]]:
    """Makes roles that may use the test's schema: roles("ann"); they and their projects end with the test."""
    names: list[str] = []

    def role(base: str, options: str = "LOGIN") -> str:
        name = f"{schema}_{base}"
        sql(f"CREATE ROLE {name} {options}")
        sql(f"GRANT ALL ON SCHEMA {schema} TO {name}")
        names.append(name)
        return name

    yield role
    sql("ROLLBACK; RESET SESSION AUTHORIZATION; RESET ROLE")
    sql("SET search_path = pg_catalog")
    for name in names:
        if not sql(f"SELECT FROM pg_roles WHERE rolname = '{name}'"):
            continue
        sql(f"SELECT pgml.drop_project(name) FROM pgml.projects WHERE owner = '{name}'::regrole")
        sql(f"DROP OWNED BY {name} CASCADE")
        sql(f"DROP ROLE {name}")
