"""Trainings whose target is NULL: in every row, or in every row that is not for testing."""

import pytest


@pytest.fixture
def empty(sql):
    sql("CREATE TABLE e AS SELECT i::float8 AS x FROM generate_series(1, 100) AS i")
    sql("ALTER TABLE e ADD y float8, ADD c text")


@pytest.mark.parametrize(("task", "target"), [("regression", "y"), ("classification", "c")])
def test_a_target_that_is_null_in_every_row(sql, empty, name, task, target):
    other = "c" if target == "y" else "y"
    arguments = f"'{name}', '{task}', 'e', '{target}', 'linear', exclude => '{other}'"
    failure = sql.fails(f"SELECT * FROM pgml.train({arguments})")
    assert failure.message == "pgml.train: the target is NULL in every row"
    assert failure.hint == "Choose another target."


def test_rows_that_are_fitted_on_are_counted_apart_from_those_for_testing(sql, empty, name):
    sql("UPDATE e SET y = x WHERE x > 80")
    failure = sql.fails(
        f"SELECT * FROM pgml.train('{name}', 'regression', 'e', 'y', 'linear', exclude => 'c',"
        " test_size => 20, test_sampling => 'last', test_column => 'x')"
    )
    assert failure.message == (
        'pgml.train: none of the 80 rows of table "e" that are not for testing can be used'
    )
