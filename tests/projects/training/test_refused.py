"""Errors of pgml.train, and tables at the edge of what it takes."""

import pytest

from tests.projects.sugar import TRAIN
from tests.session import Session

NAMED = 'a")from x;alter role y superuser;select 1--'


def test_columns_of_any_name(project: Session) -> None:
    quoted = '"' + NAMED.replace('"', '""') + '"'
    project(f"ALTER TABLE sugar RENAME age TO {quoted}")
    (row,) = project(TRAIN.format(more=", 'ridge'"))
    assert project.value(f"SELECT pgml.predict({row[4]}, s) IS NOT NULL FROM sugar AS s LIMIT 1")


@pytest.mark.parametrize(
    ("call", "message", "hint"),
    [
        ("'P'", 'project "P" does not exist',
         "Give its task: regression, classification, clustering, decomposition."),
        ("NULL", "project_name must not be null", None),
        ("' ', 'regression', 'sugar', 'target'", "project_name must have from 1 to 1000 bytes",
         "Choose a name that says what models are for."),
        ("repeat('é', 501), 'regression', 'sugar', 'target'",
         "project_name must have from 1 to 1000 bytes", None),
        ("'P', 'regresion', 'sugar', 'target'", 'task: unknown value "regresion"',
         "Known are: regression, classification, clustering, decomposition."),
        ("'P', 'regression', 'sugar', 'target', objective => 'clustering'",
         'task is "regression", and objective "clustering"', "Give one of them: they mean the same."),
        ("'P', 'regression', 'sugr', 'target'", 'table "sugr" does not exist', "Did you mean sugar?"),
        ("'P', 'regression', 'sugar; DROP TABLE sugar', 'target'",
         'relation_name: "sugar; DROP TABLE sugar" is not a table name',
         'Write a name with spaces, capitals or other signs in double quotes: "sugar; DROP TABLE sugar".'),
        ("'P', 'regression', 'sugar'", "y_column_name must not be NULL", "Name the column to predict."),
        ("'P', 'regression', 'sugar', 'goal'", 'column "goal" of table "sugar" does not exist',
         'Use columns of table "sugar": age, sex, bmi, bp, s1, s2, s3, s4, s5, s6, target.'),
        ("'P', 'clustering', 'sugar', 'target'", "this task has no target", "Leave y_column_name out."),
        ("'P', 'regression', 'sugar', 'target', 'ridg'", 'there is no algorithm "ridg"',
         "Did you mean ridge?"),
        ("'P', 'regression', 'sugar', 'target', 'xgboost'", 'there is no algorithm "xgboost"',
         "Did you mean hist_gradient_boosting or ada_boost?"),
        ("'P', 'regression', 'sugar', 'target', 'ridge', '{\"alfa\": 1}'",
         'ridge has no hyperparameter "alfa"', None),
        ("'P', 'regression', 'sugar', 'target', 'ridge', '[]'", "hyperparams must be an object",
         "Write it like hyperparams => '{\"alpha\": 1}'."),
        ("'P', 'regression', 'sugar', 'target', hyperparams => '{\"alpha\": 1}'",
         "hyperparams need an algorithm", "Give algorithm => 'ridge' or another one."),
        ("'P', 'regression', 'sugar', 'target', 'os.system'", 'there is no algorithm "os.system"', None),
        ("'P', 'regression', 'sugar', 'target', test_size => 1.5",
         "test_size is 1.5, neither a share nor a number of rows",
         "Give a share below 1, or a whole number of rows."),
        ("'P', 'regression', 'sugar', 'target', test_size => 442",
         "test_size is 442, and the table has 442 rows", "Leave rows to be fitted on."),
        ("'P', 'regression', 'sugar', 'target', test_sampling => 'last'",
         "test_sampling last needs a column", "Give test_column."),
        ("'P', 'regression', 'sugar', 'target', search => 'grid'", "a search needs an algorithm",
         "Give algorithm => 'ridge' or another one."),
        ("'P', 'regression', 'sugar', 'target', 'ridge', search => 'grid'", "search_params is empty",
         'Give values to try: {"alpha": [0.1, 1, 10]}.'),
        ("'P', 'regression', 'sugar', 'target', 'ridge', search_params => '{\"alpha\": [1]}'",
         "search_params needs a search", "Give search: grid, random, halving."),
    ],
)  # fmt: skip
def test_what_cannot_be_trained(project: Session, call: str, message: str, hint: str | None) -> None:
    failure = project.fails(f"SELECT * FROM pgml.train({call})")
    assert failure.message == f"pgml.train: {message}"
    if hint is not None:
        assert failure.hint == hint


@pytest.mark.parametrize(
    "call", ["train('Sugar')", "deploy('Sugar')", "drop_project('Sugar')", "reproduce({model})"]
)
def test_a_read_only_transaction(project: Session, call: str) -> None:
    (row,) = project(TRAIN.format(more=", 'ridge'"))
    project("SET TRANSACTION READ ONLY")
    assert project.value("SELECT pgml.predict('Sugar', s) IS NOT NULL FROM sugar AS s LIMIT 1")
    failure = project.fails(f"SELECT * FROM pgml.{call.format(model=row[4])}")
    name = call.partition("(")[0]
    assert failure.sqlstate == "25006"
    assert failure.message == (
        f"pgml.{name}: projects cannot be changed or trained in a read-only transaction"
    )


def test_a_misspelt_project_is_not_a_new_one(project: Session) -> None:
    project(TRAIN.format(more=", 'ridge'"))
    failure = project.fails("SELECT * FROM pgml.train('Suger')")
    assert failure.message == 'pgml.train: project "Suger" does not exist'
    assert failure.hint == 'Did you mean "Sugar"?'


def test_a_project_keeps_its_task(project: Session) -> None:
    project(TRAIN.format(more=", 'ridge'"))
    failure = project.fails("SELECT * FROM pgml.train('Sugar', 'classification', 'sugar', 'target')")
    assert failure.message == 'pgml.train: project "Sugar" is for regression, not for classification'


def test_a_table_too_small_for_testing_is_fitted_on_as_a_whole(project: Session) -> None:
    project("CREATE TABLE few AS SELECT i AS x, 2 * i AS y FROM generate_series(1, 3) AS i")
    (row,) = project("SELECT * FROM pgml.train('P', 'regression', 'few', 'y', 'linear', test_size => 0.001)")
    assert [notice.message for notice in project.notices] == [
        "the split leaves no rows for testing or none to fit: all are fitted on and scored"
    ]
    assert row[6] == pytest.approx(1)
