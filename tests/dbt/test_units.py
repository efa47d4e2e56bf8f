"""Unit tests of dbt, and what macros say of arguments that do not fit."""

import pytest

from tests.dbt.conftest import Dbt, Outcome


def test_unit_tests_of_macros_pass(dbt: Dbt) -> None:
    assert dbt("run", "--select", "+path:models/units").success
    outcome = dbt("test", "--select", "path:models/units")
    assert len(outcome.statuses) == 5
    assert set(outcome.statuses.values()) == {"pass"}


@pytest.fixture(scope="module")
def wrong(dbt: Dbt) -> Outcome:
    return dbt("run", "--select", "+path:models/wrong", with_wrong_models=True)


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (
            "no_model",
            '"houses" is no trained model: there is no table "houses_summary" in schema "dbt_units".'
            " Run dbt build --select houses, or give the name of a project as a text.",
        ),
        ("no_project", 'there is no project "Nothing". Train it, or give a model as ref("...").'),
        (
            "no_column",
            'the relation has no column "walls", which the model was trained on.'
            " Add it; in place of an expression among the features, make it a column of the rows to train"
            " on.",
        ),
        (
            "no_classes",
            "the model has no classes, and so no probabilities. Call predict in place of predict_prob.",
        ),
        ("no_rows", "evaluate has no rows. Give a relation; metrics of the training are in the registry."),
        (
            "rows_of_a_cte",
            "few exists in its statement only, and functions read relations by their names."
            " Set materialized to view or table in the model that has these rows.",
        ),
        ("no_way", 'by is "hope". Take one of these: "random", "stratified", "time", "group".'),
        ("no_group", '"group" needs a column. Set column.'),
        ("no_share", "share is 25. Give a number between 0 and 1."),
        ("one_fold", "folds is 1. Give a whole number from 2."),
        ("no_metric", 'there is no metric "luck". Take one of these: '),
        ("no_bound", 'the metric "r2" has no bound. Set at_least or at_most to a number.'),
        (
            "project_in_folds",
            "a project cross-validates by itself."
            " Set search and search_params among the parameters of its ml_model.",
        ),
    ],
)
def test_errors_of_macros(wrong: Outcome, model: str, message: str) -> None:
    assert wrong[model]["status"] == "error"
    assert message in " ".join(wrong[model]["message"].split())


def test_nothing_else_is_wrong(wrong: Outcome) -> None:
    assert {name: status for name, status in wrong.statuses.items() if status == "success"} == {
        "houses": "success",
        "price_regr": "success",
        "without_walls": "success",
    }
