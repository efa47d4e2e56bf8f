"""Contributions of features to a prediction, beside Shapley values computed from their definition."""

from functools import partial
from itertools import combinations
from math import factorial

import numpy as np
import pytest

from tests.sk.scoring import Data, Scorer, close, generated, shipped


def shapley(value, players):
    """Return Shapley values from the worth of every coalition: value(set of players)."""
    contributions = np.zeros(players)
    for player in range(players):
        others = [one for one in range(players) if one != player]
        for size in range(players):
            weight = factorial(size) * factorial(players - size - 1) / factorial(players)
            for chosen in combinations(others, size):
                contributions[player] += weight * (value({*chosen, player}) - value({*chosen}))
    return contributions


def at_means(function, row, means):
    """Return the worth of a coalition: the prediction where all other columns have their means."""
    return lambda known: function(np.where([j in known for j in range(len(row))], row, means)[None])[0]


def explained(scorer):
    """Return of each row a list of (class, feature, contribution)."""
    pairs = scorer.answers(
        "(SELECT json_agg(json_build_array(e.class, e.feature, e.contribution))"
        " FROM madlib.sk_explain(m.model, r.x) AS e)"
    )
    return [[tuple(one) for one in rows] for rows in pairs]


@pytest.mark.parametrize("name", ["linear", "ridge", "huber", "linear_svm"])
@pytest.mark.filterwarnings("ignore")
def test_regression_beside_shapley_values(sql, name):
    for number in range(5):
        data = generated("regression", number)
        data = Data(data.X[:, :6], data.y)
        scorer = Scorer(sql, name, "regression", data).rows(data.X[:3])
        predict, means = scorer.estimator.predict, data.X.mean(axis=0)
        for row, rows in zip(data.X[:3], explained(scorer), strict=True):
            assert [one[:2] for one in rows] == [
                (None, None), *((None, f"x{j}") for j in range(len(row)))
            ]  # fmt: skip
            numbers = np.array([one[2] for one in rows])
            close(numbers[0], predict(means[None])[0])
            scale = np.abs(numbers).max()
            np.testing.assert_allclose(
                numbers[1:], shapley(at_means(predict, row, means), len(row)), rtol=1e-9, atol=1e-11 * scale
            )
            np.testing.assert_allclose(numbers.sum(), predict(row[None])[0], rtol=1e-12, atol=1e-12 * scale)


@pytest.mark.parametrize("name", ["linear", "lda", "perceptron"])
@pytest.mark.parametrize("source", ["iris", "breast_cancer"])
@pytest.mark.filterwarnings("ignore")
def test_contributions_to_decision_values_add_up(sql, name, source):
    """Three classes have a decision value each; two have one, which speaks for the second."""
    data = shipped(source)
    scorer = Scorer(sql, name, "classification", data).rows(data.X[::40])
    decisions = scorer.estimator.decision_function(data.X[::40]).reshape(len(data.X[::40]), -1)
    for rows, expected in zip(explained(scorer), decisions, strict=True):
        labels = list(dict.fromkeys(one[0] for one in rows))
        assert labels == (["1"] if len(expected) == 1 else ["0", "1", "2"])
        for label, decision in zip(labels, expected, strict=True):
            numbers = np.array([one[2] for one in rows if one[0] == label])
            close(numbers.sum(), decision)
            assert len(numbers) == data.X.shape[1] + 1


def of_tree(tree, numbers, row, known, node=0):
    """Return the expectation of a tree of scikit-learn where only some columns are known."""
    left, right = tree.children_left[node], tree.children_right[node]
    if left < 0:
        return numbers[node]
    column = tree.feature[node]
    if column in known:
        goes_left = row[column] <= tree.threshold[node]  # row: float32
        return of_tree(tree, numbers, row, known, left if goes_left else right)
    cover = tree.weighted_n_node_samples
    return sum(cover[way] / cover[node] * of_tree(tree, numbers, row, known, way) for way in (left, right))


def expectation(members, output, row, known):
    """Return the mean over several trees."""
    return np.mean([of_tree(one.tree_, one.tree_.value[:, 0, output], row, known) for one in members])


FOREST = {"n_estimators": 4, "max_depth": 6}


@pytest.mark.parametrize(
    ("name", "hyperparams"), [("decision_tree", {}), ("random_forest", FOREST), ("extra_trees", FOREST)]
)
@pytest.mark.parametrize("task", ["regression", "classification"])
def test_trees_beside_shapley_values(sql, name, hyperparams, task):
    """The worth of a coalition is the expectation of the trees, which the test computes itself."""
    for number in range(4):
        data = generated(task, number)
        data = Data(data.X[:, :5], data.y)
        scorer = Scorer(sql, name, task, data, **hyperparams).rows(data.X[:3])
        members = getattr(scorer.estimator, "estimators_", [scorer.estimator])
        for row, rows in zip(data.X[:3].astype(np.float32), explained(scorer), strict=True):
            for output, label in enumerate(dict.fromkeys(one[0] for one in rows)):
                value = partial(expectation, members, output, row)
                numbers = np.array([one[2] for one in rows if one[0] == label])
                expected = [value(set()), *shapley(value, len(row))]
                np.testing.assert_allclose(numbers, expected, rtol=1e-9, atol=1e-11 * np.abs(expected).max())


BOOSTING = [
    ("gradient_boosting_trees", {"n_estimators": 20}),
    ("hist_gradient_boosting", {"max_iter": 20}),
    ("bagging", {"max_features": 0.5, "n_estimators": 5}),
    ("random_forest", {"n_estimators": 20}),
]


@pytest.mark.parametrize(("name", "hyperparams"), BOOSTING)
def test_contributions_of_trees_add_up(sql, name, hyperparams):
    """They do for numbers, for decision values of boosting and for probabilities of the others."""
    for task, source in (
        ("regression", "diabetes"),
        ("classification", "breast_cancer"),
        ("classification", "digits"),
    ):
        data = shipped(source)
        scorer = Scorer(sql, name, task, data, **hyperparams).rows(data.X[::50])
        ways = ("predict",) if task == "regression" else ("decision_function", "predict_proba")
        way = next(one for one in ways if hasattr(scorer.estimator, one))
        found = []
        for rows in explained(scorer):
            sums = {}
            for label, _, contribution in rows:
                sums[label] = sums.get(label, 0) + contribution
            found.append(list(sums.values()))
        expected = getattr(scorer.estimator, way)(data.X[::50])
        close(np.array(found), expected.reshape(len(expected), -1))


def test_a_category_of_a_tree_is_one_feature(sql, houses, train):
    rule = '{"*": {"encode": "one_hot"}}'
    train("price", "tax, wall, new", "random_forest", hyperparams='{"n_estimators": 9}', preprocess=rule)
    rows = sql(
        "SELECT h.id, array_agg(e.feature), sum(e.contribution) - madlib.sk_predict(model, h)"
        " FROM m, h, madlib.sk_explain(model, h) AS e GROUP BY h.id, model, h"
    )
    assert all(row[1] == [None, "tax", "wall", "new"] and abs(row[2]) < 1e-10 for row in rows)


def test_several_targets_are_numbered(sql):
    data = shipped("linnerud")
    scorer = Scorer(sql, "linear", "regression", data).rows(data.X[:1])
    (rows,) = explained(scorer)
    sums = [sum(one[2] for one in rows if one[0] == str(target)) for target in (1, 2, 3)]
    close(sums, scorer.estimator.predict(data.X[:1])[0])


def test_a_category_is_one_feature(sql, houses, train):
    """price = 3 + 2 tax - bath + 10 new, by the making of the table, and wall has no part in it."""
    train("price", "tax, bath, new, wall", "linear")
    rows = sql("SELECT e.* FROM m, h, madlib.sk_explain(model, h) AS e WHERE id = 1")
    tax, bath, new, price = map(float, sql("SELECT avg(tax), avg(bath), avg(new::int), avg(price) FROM h")[0])
    assert [row[1] for row in rows] == [None, "tax", "bath", "new", "wall"]
    expected = [price, 2 * (37 - tax), bath - 1, 10 * (1 - new), 0]
    assert [row[2] for row in rows] == pytest.approx(expected, abs=1e-9)


def test_means_are_weighted(sql, houses, train):
    train("price", "tax", "linear", weights="id")
    base = sql.value("SELECT contribution FROM m, madlib.sk_explain(model, 5) WHERE feature IS NULL")
    assert base == pytest.approx(float(sql.value("SELECT sum(price * id) / sum(id) FROM h")))


def test_null_has_no_rows(sql, houses, train):
    train("price", "tax", "linear")
    assert sql("SELECT * FROM m, madlib.sk_explain(model, NULL::float8)") == []
    assert sql("SELECT * FROM madlib.sk_explain(NULL, 1)") == []


@pytest.mark.parametrize(
    ("algorithm", "target", "state", "message"),
    [
        ("mlp", "price", "0A000", "there are no exact contributions to a prediction of this model"),
        ("ada_boost", "price", "0A000", "there are no exact contributions to a prediction of this model"),
        ("pca", None, "42809", "this model predicts neither a number nor a class"),
        ("kmeans", None, "42809", "this model predicts neither a number nor a class"),
    ],
)
def test_models_without_exact_contributions(sql, houses, train, algorithm, target, state, message):
    sql("SET client_min_messages = error")
    train(target, "tax, bath", algorithm, hyperparams='{"max_iter": 5}' if algorithm == "mlp" else "{}")
    error = sql.fails("SELECT madlib.sk_explain(model, 1, 2) FROM m")
    assert (error.sqlstate, error.message) == (state, message)
    explained = "Choose a model of regression or classification."
    assert error.hint == (explained if target is None else "Train a linear algorithm, trees or boosting.")
