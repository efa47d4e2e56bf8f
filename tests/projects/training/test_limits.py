"""Trainings at their time limit, and columns without a value.  The project of a test goes with ROLLBACK."""

import pytest

from tests.projects.sugar import TRAIN
from tests.session import Session

# the second forest takes minutes: its worker is ended
SEARCH = """, 'random_forest', search => 'grid', search_params => '{{"n_estimators": [2, 100000]}}',
    search_args => '{{"folds": 2}}', time_limit => {limit}"""


def test_at_the_time_limit_the_best_of_those_fitted_is_deployed(project: Session) -> None:
    ((_, _, status, _, model, *_),) = project(TRAIN.format(more=SEARCH.format(limit=5)))
    assert status == "deployed"
    trials = f"SELECT status, error FROM pgml.trials WHERE model_id = {model} ORDER BY trial"
    assert project(trials) == [("successful", None), ("failed", "the time limit was reached")]


def test_a_training_with_no_time_at_all_has_failed(project: Session) -> None:
    ((_, _, status, *_),) = project(TRAIN.format(more=SEARCH.format(limit=0)))
    assert status == "failed"
    assert project.warnings == ["the training failed: no candidate was fitted within time_limit"]


@pytest.mark.parametrize("kind", ["text", "float8", "boolean"])
def test_a_column_without_a_value_is_left_out(project: Session, kind: str) -> None:
    """A later training has the column again, and takes it when it has values."""
    project(f"ALTER TABLE sugar ADD later {kind}")
    ((_, _, status, *_),) = project(TRAIN.format(more=""))
    assert status == "deployed"
    assert "NULL in every row, and so left out: later" in " ".join(project.warnings)
    trials = project(
        "SELECT DISTINCT t.status FROM pgml.trials AS t JOIN pgml.projects AS p ON p.id = project_id"
        " WHERE p.name = 'Sugar'"
    )
    assert trials == [("successful",)]
    assert project.value("SELECT count(pgml.predict('Sugar', s)) FROM sugar AS s") == 442
    project(f"UPDATE sugar SET later = '{1 if kind != 'boolean' else 't'}'")
    project("SELECT pgml.train('Sugar', algorithm => 'linear')")
    assert project.warnings == []
