"""Arguments and rows that boost_train refuses, and its messages."""

import pytest

from tests.boost.conftest import call


@pytest.fixture
def table(load):
    load(y=[float(i) for i in range(40)], x=[i / 3 for i in range(40)], c=["a", "b"] * 20, id=list(range(40)))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"objective": "hinge"}, "objective"),
        ({"num_rounds": 0}, "num_rounds must"),
        ({"num_rounds": 100_001}, "num_rounds must"),
        ({"learning_rate": 0.0}, "learning_rate must be above 0"),
        ({"max_leaves": 1}, "max_leaves must"),
        ({"min_child": 0}, "min_child must"),
        ({"l2": -1.0}, "l2 must"),
        ({"subsample": 0.0}, "subsample must be above 0"),
        ({"num_features": 3}, "num_features must"),
        ({"early_stopping": 5}, "early_stopping needs rows that are held out"),
        ({"validation": "1.5"}, "validation, as a share of the rows, must be above 0 and below 1, not 1.5"),
        ({"validation": "x"}, "validation"),
        ({"alpha": 0.5}, 'objective "auto" has no alpha'),
        (
            {"alpha": 1.5, "objective": "quantile"},
            'alpha of objective "quantile" must be above 0 and below 1, not 1.5',
        ),
        ({"monotone": '{"z": 1}'}, 'monotone: "z" is not among the features'),
        ({"monotone": '{"c": 1}'}, 'monotone: "c" is a category'),
        ({"monotone": '{"x": 2}'}, 'monotone: the direction of "x" must be 1, 0 or -1'),
        ({"monotone": "[1]"}, "monotone must be an object of features and their directions"),
        ({"objective": "gamma"}, "a target of this objective must be above 0, not 0"),
        ({"objective": "poisson", "target": "y - 5"}, "a target of this objective must be 0 or more, not -"),
        ({"objective": "logistic"}, "objective logistic is for two classes, and the target has 40"),
        ({"target": "y * 1e60"}, "a gradient of the loss is too large"),
        ({"class_weights": '{"1": 2}'}, "class_weights are for a classification"),
    ],
)
def test_refused(refuses, table, options, message):
    given = {"target": "y"} | options
    failure = refuses("x, c", **given)
    assert message in failure.message
    assert failure.hint or "must be between" in failure.message or "must be at least" in failure.message


def test_a_constant_target_has_one_leaf(sql, load):
    load(y=[3.0] * 50, x=[float(i) for i in range(50)])
    sql(call("x"))
    assert sql("SELECT round, num_leaves, loss FROM m") == [(1, 1, 0.0)]
    assert sql("SELECT madlib.boost_predict_number(model, ARRAY[7.0]::float8[]) FROM m_summary") == [(3.0,)]


def test_few_rows_have_one_leaf(sql, load):
    load(y=[1.0, 5.0], x=[1.0, 2.0])
    sql(call("x"))
    assert sql("SELECT madlib.boost_predict_number(model, ARRAY[1.0]::float8[]) FROM m_summary") == [(3.0,)]


def test_one_class(refuses, load):
    load(y=["a"] * 30, x=[float(i) for i in range(30)])
    assert "one class" in refuses("x").message


def test_many_levels(sql, load):
    """More levels than codes share codes, and levels that were not seen go with NULL."""
    load(y=[float(i % 2) for i in range(2000)], c=[f"w{i % 600}" for i in range(2000)])
    sql(call("c", num_rounds=20))
    ((even, odd, other),) = sql(
        "SELECT " + ", ".join(f"madlib.boost_predict_number(model, ARRAY['{w}'])" for w in ("w2", "w3", "?"))
        + " FROM m_summary"
    )  # fmt: skip
    assert even < 0.3 and odd > 0.7 and 0 <= other <= 1
