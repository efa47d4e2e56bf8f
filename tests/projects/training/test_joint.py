"""train_joint and predict_joint: several targets in one model, beside numpy's least squares."""

import numpy as np
import pytest

from tests.session import Session


@pytest.fixture
def pair(sql: Session) -> Session:
    """A session with table t: y and z are sums of a and b and of a little noise."""
    sql(
        """
        CREATE TABLE t AS
        SELECT sin(i) AS a, cos(i * 1.7) AS b, 2 * sin(i) - cos(i * 1.7) + sin(i * 9) / 50 AS y,
               sin(i) + 3 * cos(i * 1.7) + cos(i * 5) / 50 AS z, (i % 3)::text AS c, i % 2 = 0 AS f
        FROM generate_series(1, 60) AS i
        """
    )
    return sql


LEAST_SQUARES = "'regression', 't', '{y,z}', 'linear', exclude => 'c, f', test_size => 0"


def test_predictions_of_two_targets_are_those_of_least_squares(pair: Session, name: str) -> None:
    pair(f"SELECT pgml.train_joint('{name}', {LEAST_SQUARES})")
    rows = np.array(pair("SELECT 1, a, b, y, z FROM t ORDER BY a"), float)
    coefficients = np.linalg.lstsq(rows[:, :3], rows[:, 3:], rcond=None)[0]
    predicted = pair(f"SELECT pgml.predict_joint('{name}', t) FROM t ORDER BY a")
    assert np.array([row for (row,) in predicted]) == pytest.approx(rows[:, :3] @ coefficients, rel=1e-9)
    last = "SELECT y_column_name FROM pgml.snapshots ORDER BY id DESC LIMIT 1"
    assert pair(last) == [(["y", "z"],)]


NOT_A_LIST = "y_column_name must be a list of columns"
WRONG = [
    ("'classification', 't', '{c,f}', 'lda'", "a classification has one target, not 2", "Train a project "),
    ("'regression', 't', '{{y,z}}', 'linear'", NOT_A_LIST, "Write it like '{weight,waist}'."),
    ("'regression', 't', '{y,NULL}', 'linear'", NOT_A_LIST, "Write it like '{weight,waist}'."),
    ("'regression', 't', '{}'", "y_column_name must not be NULL", "Name the column to predict."),
    ("'regression', 't', '{y,w}'", 'column "w" of table "t" does not exist', "Use columns of"),
    ("'clustering', 't', '{y}'", "this task has no target", "Leave y_column_name out."),
    ("'regression', 't', '{y,z}', 'huber', exclude => 'c, f'", "huber takes one target, not 2", None),
]


@pytest.mark.parametrize(("call", "message", "hint"), WRONG)
def test_errors(pair: Session, name: str, call: str, message: str, hint: str | None) -> None:
    error = pair.fails(f"SELECT pgml.train_joint('{name}', {call})")
    assert error.message == f"pgml.train_joint: {message}"
    assert error.hint is None if hint is None else error.hint.startswith(hint)


def test_auto_leaves_out_algorithms_of_one_target(pair: Session, name: str) -> None:
    """Some of the algorithms that are tried have failed; the best of the others is deployed."""
    call = f"pgml.train_joint('{name}', 'regression', 't', '{{y,z}}', exclude => 'c, f')"
    ((status, model),) = pair(f"SELECT status, model_id FROM {call}")
    assert status == "deployed"
    trials = dict(pair(f"SELECT algorithm, status FROM pgml.trials WHERE model_id = {model}"))
    assert trials["linear"] == trials["random_forest"] == "successful"
    assert trials["hist_gradient_boosting"] == "failed"
