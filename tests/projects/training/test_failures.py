"""Trainings that fail by their rows leave a row; wrong arguments, cancels and timeouts leave nothing."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.session import Session

COUNTS = "SELECT (SELECT count(*) FROM pgml.projects), (SELECT count(*) FROM pgml.models)"
FAILING = [
    ("'classification', 't', 'one', 'lda'", "the target has one class only: same", "Choose another target."),
    ("'classification', 't', 'nul', 'lda'", "the target is NULL in every row", "Choose another target."),
    ("'regression', 'r', 'nul', 'ridge', exclude => 'late'",
     "the target is NULL in every row", "Choose another target."),
    ("'regression', 'r', 'late', 'ridge', exclude => 'nul', test_sampling => 'last', test_column => 'x'",
     'none of the 75 rows of table "r" that are not for testing can be used', "Check for NULL"),
    ("'regression', 'empty', 'y', 'ridge'", 'table "empty" is empty', "Give a table that has rows."),
    ("'decomposition', 't', NULL, 'pca', '{\"n_components\": 50}', exclude => 'one, nul, g'",
     "the fit failed: n_components is 50, and the rows have 2 component(s) at most", "Lower n_components."),
    ("""'regression', 't', 'y', 'ridge', search => 'grid', search_params => '{"alpha": [1, 9]}',
     test_sampling => 'group', test_column => 'g', exclude => 'one, nul'""",
     "the folds need at least 5 values of test_column, there are 2", "Lower folds."),
    ("""'regression', 't', 'y', 'random_forest', '{"n_estimators": 3000}', exclude => 'one, nul'""",
     "the fit needs more memory than the 4 MB of madpy.worker_memory", "Train on fewer rows, or ask"),
]  # fmt: skip


@pytest.fixture
def rows(sql: Session) -> Session:
    """A session with the tables t, of 600 rows, r, with targets that are NULL, and empty."""
    sql(
        """
        CREATE TABLE t AS
        SELECT x::float8, 3.0 * x AS y, x % 3 AS g, 'same' AS one, NULL::text AS nul
        FROM generate_series(1, 600) AS x;
        CREATE TABLE r AS
        SELECT x::float8, NULL::float8 AS nul, CASE WHEN x > 75 THEN x END AS late
        FROM generate_series(1, 100) AS x;
        CREATE TABLE empty (x float8, y float8)
        """
    )
    return sql


@pytest.fixture
def before(rows: Session) -> Callable[[], None]:
    """Asserts that there are as many projects and models as before."""
    (counts,) = rows(COUNTS)

    def same() -> None:
        assert rows(COUNTS) == [counts]

    return same


@pytest.mark.parametrize(("call", "error", "hint"), FAILING)
def test_what_the_rows_lead_to_is_a_row_with_its_error(
    rows: Session, name: str, call: str, error: str, hint: str
) -> None:
    if "memory" in error:
        rows("BEGIN; SET LOCAL madpy.worker_memory = '4MB'")
    answer: dict[str, Any] = rows.rows(f"SELECT * FROM pgml.train('{name}', {call})")[0]
    (warning,) = [one for one in rows.notices if one.message.startswith("the training failed: ")]
    assert warning.severity == "WARNING"
    rows("COMMIT")
    assert (answer["project_name"], answer["status"], answer["score"]) == (name, "failed", None)
    kept = rows.rows(f"SELECT status, error, model FROM pgml.models WHERE id = {answer['model_id']}")[0]
    assert (kept["status"], kept["model"]) == ("failed", None)
    assert kept["error"].startswith(error)
    assert warning.message == f"the training failed: {kept['error']}"
    assert (warning.hint or "").startswith(hint)
    assert rows(f"SELECT deployed_model FROM pgml.projects WHERE name = '{name}'") == [(None,)]


def test_a_failed_training_deploys_nothing_else(rows: Session, name: str) -> None:
    """The next rows have a target that is never there; the model that was deployed before predicts on."""
    rows(f"SELECT pgml.train('{name}', 'regression', 't', 'y', 'linear', exclude => 'g, one, nul')")
    rows("UPDATE t SET y = NULL")
    assert rows(f"SELECT status, algorithm FROM pgml.train('{name}', algorithm => 'ridge')") == [
        ("failed", "ridge")
    ]
    assert rows.value(f"SELECT pgml.predict('{name}', 5)") == pytest.approx(15)
    assert rows(f"SELECT algorithm FROM pgml.deployed_models WHERE project = '{name}'") == [("linear",)]


@pytest.mark.parametrize(
    ("call", "sqlstate"),
    [
        ("'regression', 'tt', 'y'", "42P01"),
        ("'regression', 't', 'z'", "42703"),
        ("'regression', 't', 'y', 'ridg'", "22023"),
        ("'regression', 't', 'y', 'ridge', '{\"alfa\": 1}'", "22023"),
        ("'regression', 't', 'y', 'ridge', '{\"alpha\": -1}'", "22023"),
        ("'regression', 't', 'y', 'ridge', preprocess => '{\"*\": {\"impute\": \"no\"}}'", "22023"),
        ("'regression', 't', 'y', 'ridge', metric => 'f1'", "22023"),
        ("'regression', 't', 'y', test_size => 'many'", "22P02"),
    ],
)
def test_a_wrong_argument_is_an_error_and_writes_nothing(
    rows: Session, name: str, before: Callable[[], None], call: str, sqlstate: str
) -> None:
    assert rows.refuses(f"SELECT * FROM pgml.train('{name}', {call})").sqlstate == sqlstate
    before()


def test_a_timeout_is_an_error_and_writes_nothing(
    rows: Session, name: str, before: Callable[[], None]
) -> None:
    rows("SET statement_timeout = '30ms'")
    error = rows.fails(
        f"SELECT * FROM pgml.train('{name}', 'regression', 't', 'y', 'random_forest',"
        " '{\"n_estimators\": 5000}', exclude => 'one, nul')"
    )
    rows("RESET statement_timeout")
    assert error.sqlstate == "57014"
    before()
