"""A table, projects that end with the test, and sessions of several roles."""

from collections.abc import Callable, Iterator

import numpy as np
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


@pytest.fixture
def homes(sql):
    """Table h: 40 rows of numbers, words, flags and days; a price, and a kind, which is one of three."""
    sql(
        """
        CREATE TABLE h AS
        SELECT i AS id, (i * 37 % 101)::float8 AS tax, (i % 5)::int AS bath, (i % 7)::smallint AS rooms,
               CASE i % 3 WHEN 0 THEN 'brick' WHEN 1 THEN 'wood' ELSE 'stone' END AS wall, i % 2 = 0 AS new,
               date '2020-01-01' + i * 9 AS sold, 5 * i + (i * i) % 11 AS price, i % 3 AS kind,
               'k' || i % 3 AS word, ARRAY[i, i % 5, i % 7]::float8[] AS v
        FROM generate_series(1, 40) AS i
        """
    )


@pytest.fixture
def project(sql, homes):
    """Makes a project of one deployed model: project(target, features, algorithm) is its name and number."""

    def make(target, features, algorithm="linear", kind="regression", **options):
        more = "".join(f", {name} => {value}" for name, value in options.items())
        sql("DROP TABLE IF EXISTS m, m_summary")
        given = "NULL" if target is None else f"'{target}'"
        sql(f"SELECT madlib.sk_train('h', 'm', {given}, '{features}', '{algorithm}'{more})")
        name = made.fresh()
        number = made.project(sql, name, kind)
        snapshot = made.snapshot(sql, number, relation_name="h")
        model = made.model(sql, number, snapshot, "(SELECT model FROM m)")
        made.deploy(sql, model)
        return name, model

    return make


@pytest.fixture
def diabetes(sql):
    """Table d: 442 patients."""
    sql("SELECT madlib.load_dataset('diabetes', 'd')")


@pytest.fixture
def iris(sql):
    """Table i: 150 flowers, whose kind is one of three."""
    sql("SELECT madlib.load_dataset('iris', 'i'); ALTER TABLE i RENAME COLUMN target_name TO kind")


@pytest.fixture
def waves(sql):
    """Table t: 120 rows of two numbers of different sizes, another that is their sum, and three classes."""
    rng = np.random.default_rng(7)
    rows = rng.normal(size=(120, 2)) * [1, 1e-3]
    sql("CREATE TABLE t (a float8, b float8, y float8, c text)")
    for a, b in rows.tolist():
        sql(f"INSERT INTO t VALUES ({a!r}, {b!r}, {a * 3 + b * 1e3!r}, '{'pqr'[int(a * 9) % 3]}')")


@pytest.fixture
def models(sql, name):
    """A project and a function that adds a model to it: models(score, algorithm)."""
    project = made.project(sql, name)
    snapshot = made.snapshot(sql, project)

    def add(score=None, algorithm="ridge", **facts):
        metrics = {"r2": score, "mse": 1 - score} if isinstance(score, float) else {}
        return made.model(
            sql, project, snapshot, algorithm=algorithm, **({"score": score, "metrics": metrics} | facts)
        )

    add.project, add.snapshot = project, snapshot
    return add
