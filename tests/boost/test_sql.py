"""boost_train, its tables, and predictions, by examples that one can see."""

import json

import numpy as np
import pytest

from tests.boost.conftest import call, numbers, probabilities


@pytest.fixture
def seen(load):
    """Two classes told apart by x, and a category and a boolean that say nothing."""
    load(
        y=["low"] * 50 + ["high"] * 50, x=[float(i) for i in range(100)], c=["a", "b"] * 50,
        b=[True, False] * 50, g=[1, 1, 2, 2] * 25, id=list(range(100)),
    )  # fmt: skip


def test_the_model(sql, seen):
    (record,) = sql.rows(call("x, c, b", num_rounds=30, seed=7))
    assert (record["objective"], record["task"], record["num_rounds"]) == ("logistic", "classification", 30)
    assert sql("SELECT count(*), max(round), bool_and(validation_loss IS NULL) FROM m") == [(30, 30, True)]
    losses = [row[0] for row in sql("SELECT loss FROM m ORDER BY round")]
    assert losses == sorted(losses, reverse=True) and losses[-1] < 0.05
    for name in ("loss", "num_rounds", "num_leaves", "depth", "seed", "num_rows_processed"):
        assert sql(f"SELECT {name} FROM m_summary") == [(record[name],)]
    rows = sql("SELECT feature, importance FROM madlib.boost_importance('m')")
    assert rows[0] == ("x", pytest.approx(1)) and sum(row[1] for row in rows) == pytest.approx(1)


def test_predictions(sql, seen):
    sql(call("x, c, b"))
    assert sql("SELECT num_rows, num_null_predictions FROM madlib.boost_predict('m', 't', 'p')") == [(100, 0)]
    assert sql("SELECT count(*) FROM p WHERE prediction = y") == [(100,)]
    sql("SELECT madlib.boost_predict_prob('m', 't', 'q')")
    assert sql("SELECT count(*), sum(probability) FROM q") == [(200, pytest.approx(100))]
    assert sql("SELECT madlib.boost_predict(model, ARRAY['3', 'a', 'true']) FROM m_summary") == [("low",)]


def test_contributions_add_up_to_the_score(sql, load):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(500, 3))
    load(
        y=(X[:, 0] + X[:, 1] * X[:, 2] > 0).tolist(),
        a=X[:, 0].tolist(),
        b=X[:, 1].tolist(),
        c=X[:, 2].tolist(),
    )
    sql(call("a, b, c", num_rounds=20))
    rows = sql(
        """
        SELECT (SELECT sum(contribution) FROM madlib.boost_explain(model, ARRAY[a, b, c])),
               (SELECT ln(probability / (1 - probability))
                FROM madlib.boost_predict_prob(model, ARRAY[a, b, c])
                WHERE class = 'true')
        FROM t, m_summary LIMIT 100
        """
    )
    sums, scores = np.array(rows, float).T
    np.testing.assert_allclose(sums, scores, atol=1e-9)


def test_groups_have_models_of_their_own(sql, seen):
    sql(call("x", grouping_cols="g", num_rounds=5))
    assert sql("SELECT g, count(*) FROM m GROUP BY g ORDER BY g") == [(1, 5), (2, 5)]
    own = sql("SELECT loss FROM m WHERE g = 2 ORDER BY round")
    sql("DROP TABLE m, m_summary")
    sql("CREATE TABLE u AS SELECT * FROM t WHERE g = 2")
    sql(call("x", source="u", num_rounds=5))
    assert sql("SELECT loss FROM m ORDER BY round") == own


def test_held_out_rows(sql, load_matrix):
    """The validation loss is that of predictions of rows that a column marks; the model never sees them."""
    rng = np.random.default_rng(1)
    X = rng.normal(size=(600, 3))
    y = X[:, 0] + rng.normal(size=600)
    held = rng.random(600) < 0.3
    features = load_matrix(X, y, held=held.tolist())
    sql(call(features, validation="held", num_rounds=200, early_stopping=8))
    best, rounds = sql("SELECT num_rounds, (SELECT max(round) FROM m) FROM m_summary")[0]
    assert rounds == best + 8 < 200
    losses = [row[0] for row in sql("SELECT validation_loss FROM m ORDER BY round")]
    assert min(losses) == losses[best - 1]
    assert losses[best - 1] == pytest.approx(np.mean((numbers(sql, features) - y)[held] ** 2))
    sql("DROP TABLE m, m_summary; UPDATE t SET y = 1e6 WHERE held")
    sql(call(features, validation="held", num_rounds=3))
    assert numbers(sql, features).max() < 10


def test_a_share_is_held_out(sql, load_matrix):
    X = np.random.default_rng(2).normal(size=(2000, 2))
    features = load_matrix(X, X[:, 0])
    sql(call(features, validation="0.25", num_rounds=3))
    assert sql("SELECT validation_rows FROM m_summary")[0][0] == pytest.approx(500, abs=80)


@pytest.mark.parametrize("direction", [1, -1])
def test_monotone(sql, load_matrix, direction):
    """Predictions never fall, or never rise, with the feature, whatever the others are."""
    rng = np.random.default_rng(3)
    X = np.round(rng.random((800, 3)), 2)
    y = direction * X[:, 0] + np.sin(9 * X[:, 0]) + X[:, 1] * 2 + rng.normal(size=800) * 0.3
    features = load_matrix(X, y)
    sql(call(features, monotone=json.dumps({"x0": direction})))
    rows = sql(
        """
        SELECT array_agg(madlib.boost_predict_number(model, ARRAY[v / 100.0, x1, x2]::float8[]) ORDER BY v)
        FROM t, m_summary, generate_series(0, 100) AS v WHERE id < 40 GROUP BY id
        """
    )
    curves = np.array([row[0] for row in rows], float)
    assert (direction * np.diff(curves, axis=1) >= -1e-12).all()
    assert np.ptp(curves, axis=1).min() > 0.1
    sql("DROP TABLE m, m_summary")
    sql(call(features))
    free = np.array([row[0] for row in sql(
        "SELECT madlib.boost_predict_number(model, ARRAY[v / 100.0, 0.5, 0.5]::float8[])"
        " FROM m_summary, generate_series(0, 100) AS v"
    )])  # fmt: skip
    assert (direction * np.diff(free) < 0).any()


def test_null_and_categories(sql, load):
    """Rows with NULL go where the loss is smaller, and so do values of a category."""
    rng = np.random.default_rng(4)
    x = rng.random(900).tolist()
    word = rng.choice(["north", "south", "east", "west"], 900)
    gone = rng.random(900) < 0.3
    y = np.where(gone, 5.0, x) + np.isin(word, ["north", "east"]) * 3
    load(
        y=y.tolist(),
        x=[None if g else v for v, g in zip(x, gone, strict=True)],
        w=word.tolist(),
        id=list(range(900)),
    )
    sql(call("x, w", num_rounds=150))
    predicted = np.array([row[0] for row in sql(
        "SELECT madlib.boost_predict_number(model, ARRAY[x::text, w]) FROM t, m_summary ORDER BY id"
    )])  # fmt: skip
    assert np.abs(predicted - y).max() < 0.1


def test_weights_of_classes(sql, load_matrix):
    """A class that weighs more gets a larger share; balanced classes weigh the same in sum."""
    rng = np.random.default_rng(5)
    X = rng.normal(size=(1000, 1))
    y = (rng.random(1000) < 0.1).astype(int)
    features = load_matrix(X, y)
    means = []
    for given in (None, '{"1": 3}', '"balanced"'):
        sql(call(features, objective="logistic", class_weights=given, num_rounds=5, max_leaves=2))
        means.append(probabilities(sql, features)[:, 1].mean())
        sql("DROP TABLE m, m_summary")
    assert means == [
        pytest.approx(0.1, abs=0.03),
        pytest.approx(0.25, abs=0.06),
        pytest.approx(0.5, abs=0.06),
    ]


def test_drawn_rows_and_features_follow_from_the_seed(sql, load_matrix):
    X = np.random.default_rng(6).normal(size=(500, 4))
    features = load_matrix(X, X.sum(axis=1))
    losses = []
    for seed in (1, 1, 2):
        sql(call(features, subsample=0.5, num_features=2, seed=seed, num_rounds=10))
        losses.append(sql("SELECT loss FROM m ORDER BY round"))
        sql("DROP TABLE m, m_summary")
    assert losses[0] == losses[1] != losses[2]


def test_displays(sql, seen):
    sql(call("x, c", num_rounds=4, validation="0.3"))
    assert sql.value("SELECT madlib.boost_display('m')").startswith("x <= ")
    assert len(sql.value("SELECT madlib.boost_display('m', 'curve')").split("\n")) == 5
    assert sql.value("SELECT madlib.boost_display('m', 'curve', 'svg')").startswith("<svg")
