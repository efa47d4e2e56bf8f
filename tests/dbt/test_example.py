"""The example project: from seeds to a submission."""

import re

import numpy as np
import pytest

from madpy.dev.state import CHECKOUT
from tests.dbt.conftest import Dbt, Outcome
from tests.session import Session

EXAMPLE = "examples/titanic_like"


@pytest.fixture(scope="module")
def built(dbt: Dbt) -> Outcome:
    return dbt("build", project=EXAMPLE)


def test_it_is_built(built: Outcome, models: Session) -> None:
    assert built.success
    assert set(built.statuses.values()) <= {"success", "pass", "no-op"}
    assert models("SELECT count(*), count(survived), min(passenger_id) FROM submission") == [(260, 260, 641)]
    assert models.value("SELECT count(*) FROM feature_importance WHERE importance > 0") > 5
    assert models("SELECT count(*) FROM cross_validation") == [(20,)]  # four candidates, five folds


def test_the_metrics_are_those_of_the_passengers_held_out(built: Outcome, models: Session) -> None:
    """Accuracy of the logistic regression, from its predictions on these passengers by numpy."""
    models("CREATE TEMPORARY VIEW held_out AS SELECT * FROM labelled_passengers WHERE is_test")
    models("SELECT madlib.logregr_predict('survival_logregr', 'held_out', 'pg_temp.predicted')")
    rows = np.array(models("SELECT survived, prediction FROM predicted"))
    accuracy = np.mean(rows[:, 0] == rows[:, 1])
    metrics = (
        "SELECT (metrics ->> 'accuracy')::float8 FROM madpy_models WHERE model_name = 'survival_logregr'"
    )
    assert models.value(metrics) == pytest.approx(accuracy)
    assert accuracy > 0.7


def test_the_submission_is_by_the_best_of_the_cross_validation(built: Outcome, models: Session) -> None:
    scores = models(
        "SELECT algorithm, avg(score) FROM cross_validation GROUP BY algorithm, parameters ORDER BY 2 DESC"
    )
    best = models.value("SELECT algorithm FROM best_algorithm")
    assert scores[0][0] == best
    table = {"logregr": "survival_logregr", "dtree": "survival_dtree", "sk": "survival_forest"}[best]
    models(f"SELECT madlib.{best}_predict('{table}', 'new_passengers', 'pg_temp.by_the_best')")
    different = """SELECT count(*) FROM by_the_best AS b JOIN submission AS s USING (passenger_id)
                   WHERE b.prediction::text::boolean::integer <> s.survived"""
    assert models.value(different) == 0


def test_sources_are_fresh(built: Outcome, dbt: Dbt) -> None:
    fresh = dbt("source", "freshness", project=EXAMPLE)
    assert fresh.success
    assert "PASS freshness of registry.madpy_models" in fresh.log


def test_the_dashboard_asks_for_columns_that_there_are(built: Outcome, models: Session) -> None:
    """Superset itself is not here: superset/README.md says how the import was tried."""
    folder = CHECKOUT / "dbt" / EXAMPLE / "superset" / "datasets"
    files = list(folder.rglob("*.yaml"))
    assert {path.stem for path in files} == {"model_history", "predictions"}
    for path in files:
        columns = re.findall(r"column_name: (\w+)", path.read_text())
        metrics = re.findall(r"metric_name: \w+, expression: (.+)}", path.read_text())
        models(f"SELECT {', '.join(columns)} FROM {path.stem}")
        models(f"SELECT {', '.join(metrics)} FROM {path.stem}")
