"""The tests that the package brings, passing and failing: the name of each ends with what it has to do."""

from bisect import bisect_left
from collections import Counter

import numpy as np
import pytest

from madpy.modules.projects.monitoring.shifts import stability
from tests.dbt.conftest import Dbt, Outcome
from tests.session import Session


@pytest.fixture(scope="module")
def tested(dbt: Dbt) -> Outcome:
    assert dbt("run", "--select", "path:models/checks").success
    return dbt("test", "--select", "path:models/checks", "--store-failures")


def test_tests_pass_and_fail_as_they_have_to(tested: Outcome) -> None:
    status = {"passes": "pass", "fails": "fail", "errors": "error"}
    assert tested.statuses == {name: status[name.rpartition("_")[2]] for name in tested.statuses}
    assert Counter(tested.statuses.values()) == {"pass": 10, "fail": 11, "error": 2}


def test_errors_of_tests(tested: Outcome) -> None:
    assert (
        'the registry has no metric "luck" of "checked_model". Take one of these: "explained_variance",'
    ) in " ".join(tested["unknown_metric_errors"]["message"].split())
    assert (
        '"checked_rows" has no training in the registry. Run dbt build --select checked_rows,'
        ' and test only models with materialized="ml_model".'
    ) in " ".join(tested["no_model_errors"]["message"].split())


@pytest.fixture
def failures(tested: Outcome, sql: Session, dbt_schema: str) -> Session:
    """A session that finds the rows with which tests failed."""
    sql(f"SET search_path = {dbt_schema}_dbt_test__audit, {dbt_schema}, public")
    return sql


def test_each_leaking_column_has_its_reason(failures: Session) -> None:
    assert failures("SELECT * FROM no_leakage_in_class_fails ORDER BY 1") == [
        ("code", "it names a row: no two rows have the same value"),
        ("id", "it names a row: no two rows have the same value"),
        ("sold_at", "whether it is NULL decides the target"),
        ("state", "each of its values occurs with one value of the target only"),
    ]
    assert failures("SELECT * FROM no_leakage_in_number_fails ORDER BY 1") == [
        ("price_with_tax", "its correlation with the target is 0.999 or more"),
        ("size", "its correlation with the target is 0.999 or more"),
    ]


def test_a_failure_has_the_value_and_its_bound(failures: Session) -> None:
    metrics = "(SELECT metrics FROM madpy_models)"
    assert failures(
        f"SELECT metric, value = ({metrics}->>'r2')::float8, at_least, at_most FROM metric_at_least_fails"
    ) == [("r2", True, 0.9999, None)]
    assert failures(
        f"SELECT metric, value = ({metrics}->>'rmse')::float8, at_least, at_most FROM metric_at_most_fails"
    ) == [("rmse", True, None, 0.1)]
    assert failures("SELECT metric, value FROM unknown_metric_fails") == [("luck", None)]
    assert failures("SELECT trained_at < newest_row FROM new_rows_are_stale_fails") == [(True,)]


def test_the_index_of_numbers_is_that_of_their_deciles(failures: Session) -> None:
    """Deciles by numpy, the index as the monitoring of projects has it."""
    before, now = (
        [value for (value,) in failures(f"SELECT prediction FROM {name}")]
        for name in ("predictions_before", "predictions_moved")
    )
    deciles = np.percentile(before, range(10, 100, 10), method="inverted_cdf").tolist()
    shares = [
        [Counter(bisect_left(deciles, value) for value in values)[bin] / len(values) for bin in range(10)]
        for values in (before, now)
    ]
    assert failures.value("SELECT psi FROM prediction_drift_fails") == pytest.approx(stability(*shares))


def test_the_index_of_classes_has_a_bin_for_new_and_one_for_missing_ones(failures: Session) -> None:
    before, now = (
        Counter(value for (value,) in failures(f"SELECT label FROM {name}"))
        for name in ("predictions_before", "predictions_moved")
    )
    assert set(before) == {"gone", "here"} and set(now) == {"gone", "here", "lent", None}
    shares = [[counts[key] / 200 for key in ("gone", "here", "lent", None)] for counts in (before, now)]
    assert failures.value("SELECT psi FROM prediction_drift_of_classes_fails") == pytest.approx(
        stability(*shares)
    )
