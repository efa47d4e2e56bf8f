"""Drivers of projects called by Python outside the server, which calls the SQL functions."""

from collections.abc import Iterator

import pytest

from madpy.errors import MadpyError
from madpy.ports.postgres import plpy
from madpy.ports.postgres.session.udf import run
from tests.session import Session

NAME = "Trained from outside"
REST = ("ridge", "{}", None, "{}", "{}", 0.25, "random", "{}", True, 0, None, 60.0, None, None, False, None)


@pytest.fixture
def table(sql: Session) -> Iterator[Session]:
    sql(
        "CREATE TABLE t AS SELECT i::float8 AS x, 2.0 * i AS y, 3.0 * i AS z FROM generate_series(1, 99) AS i"
    )
    yield sql
    sql(f"SELECT pgml.drop_project(name) FROM pgml.projects WHERE name = '{NAME}'")


def test_train_and_deploy(db, table):
    (answer,) = run(plpy, "madlib", "projects.train", (NAME, "regression", "t", "y", *REST))
    assert (answer["project_name"], answer["status"]) == (NAME, "deployed")
    found = run(plpy, "madlib", "projects.models.model_sql.model_sql", (answer["model_id"], "line"))
    assert found.startswith("CREATE FUNCTION")


def test_several_targets(db, table):
    (answer,) = run(
        plpy, "madlib", "projects.training.joint.train_joint", (NAME, "regression", "t", ["y", "z"], *REST)
    )
    assert answer["status"] == "deployed"
    assert table(f"SELECT cardinality(pgml.predict_joint('{NAME}', t)) FROM t LIMIT 1") == [(2,)]


def test_the_error_names_the_function_once(db, table):
    with pytest.raises(MadpyError, match=r'^pgml\.train: table "nowhere" does not exist') as error:
        run(plpy, "madlib", "projects.train", (NAME, "regression", "nowhere", "y", *REST))
    assert error.value.sqlstate == "42P01"
