"""Bins, splits and pruning, each against all there is to try, or against scikit-learn; no database."""

import itertools

import numpy as np
import pytest
from sklearn.tree import DecisionTreeRegressor

from madpy.modules.dtree.core import Rule, best_splits, edges, level_order, loss
from madpy.modules.dtree.grow import Limits, grow
from madpy.modules.dtree.prune import complexities, kept, risks

RNG = np.random.default_rng(7)
ONES = np.ones(1000)


def test_few_values_have_a_bin_each():
    values = np.array([3.0, 1.0, np.nan, 2.0, 2.0])
    np.testing.assert_equal(edges(values, ONES[:5], 10), [1.5, 2.5])


def test_many_values_have_bins_of_equal_weight():
    counts = np.histogram(values := RNG.normal(size=1000), [-np.inf, *edges(values, ONES, 10), np.inf])[0]
    np.testing.assert_equal(counts, 100)


def test_a_frequent_value_has_its_own_bin():
    values = np.concatenate([np.zeros(500), RNG.uniform(-1, 1, 500)])
    cuts = edges(values, ONES, 10)
    assert cuts[cuts > 0].min() < 0.02 and cuts[cuts < 0].max() > -0.02


@pytest.mark.parametrize(
    "values", [[], [np.nan], [1.0, 1.0], [-np.inf, np.inf], [1e308, 1.7e308], [0, 5e-324]]
)
def test_edges_are_finite_and_between(values):
    values = np.array(values)
    cuts = edges(values, ONES[: len(values)], 10)
    assert np.isfinite(cuts).all()
    assert all((values <= cut).any() and (values > cut).any() for cut in cuts)


def histogram(codes, target, bins, classes):
    """Counts by code, for a classification of `classes`, 0 for a regression."""
    cells = np.zeros((1, bins, classes or 3))
    for code, y in zip(codes, target, strict=True):
        cells[0, code] += np.eye(classes)[int(y)] if classes else [1, y, y * y]
    return cells


def best_of_all(codes, target, bins, classes, criterion, min_bucket, sides):
    """The largest gain of all `sides`: sets of codes that go left."""
    whole = loss(histogram(codes, target, bins, classes).sum(axis=1), criterion)[0]
    gains = [0.0]
    for side in sides:
        left = np.isin(codes, list(side))
        if min(left.sum(), (~left).sum()) >= min_bucket:
            parts = (
                histogram(codes[part], target[part], bins, classes).sum(axis=1) for part in (left, ~left)
            )
            gains.append(whole - sum(loss(part, criterion)[0] for part in parts))
    return max(gains)


@pytest.mark.parametrize(("criterion", "classes"), [("gini", 3), ("entropy", 2), ("variance", 0)])
def test_the_best_cut_with_null_on_either_side(criterion, classes):
    for _ in range(20):
        codes = RNG.integers(0, 7, 40)  # 6 is NULL
        target = RNG.integers(0, classes or 9, 40).astype(float)
        found = best_splits([histogram(codes, target, 7, classes)], [False], Rule(criterion, 4))
        cuts = [{*range(cut + 1), *null} for cut in range(6) for null in ((), (6,))]
        wanted = best_of_all(codes, target, 7, classes, criterion, 4, cuts)
        np.testing.assert_allclose(found.gain[0], wanted, atol=1e-9)


@pytest.mark.parametrize(("criterion", "classes"), [("gini", 2), ("entropy", 2), ("variance", 0)])
def test_the_best_set_of_levels(criterion, classes):
    """A cut in the order of the mean is the best of all 2^6 sets: Breiman et al. (1984), theorem 4.5."""
    for _ in range(20):
        codes = RNG.integers(0, 6, 40)
        target = RNG.integers(0, classes or 9, 40).astype(float)
        found = best_splits([histogram(codes, target, 7, classes)], [True], Rule(criterion, 1))
        sides = [set(side) for n in range(1, 6) for side in itertools.combinations(range(6), n)]
        wanted = best_of_all(codes, target, 7, classes, criterion, 1, sides)
        np.testing.assert_allclose(found.gain[0], wanted, atol=1e-9)


def test_levels_of_many_classes_are_ordered_along_the_first_component():
    shares = np.array([[9, 1, 0], [1, 9, 0], [8, 2, 0], [0, 0, 0], [2, 8, 0]], float)
    assert level_order(shares[None], "gini").tolist()[0] in ([0, 2, 4, 1, 3], [1, 4, 2, 0, 3])


def test_levels_that_a_node_does_not_have_go_with_null():
    codes = np.array([0] * 8 + [2] * 4)
    found = best_splits([histogram(codes, codes / 2, 5, 0)], [True], Rule("variance", 1))
    assert not found.null_right[0] and found.levels_left[0].tolist() == [True, True, False, True]


def test_a_cut_goes_through_the_middle_of_empty_bins():
    codes = np.array([0] * 5 + [6] * 5)
    found = best_splits([histogram(codes, codes > 3, 9, 2)], [False], Rule("gini", 1))
    assert found.last_left[0] == 2 or found.last_left[0] == 3


def grown(X, y, depth):
    """A regression tree of a matrix, every value a bin."""
    cuts = [edges(column, np.ones(len(y)), 10**6) for column in X.T]
    codes = np.stack([np.searchsorted(cut, column) for cut, column in zip(cuts, X.T, strict=True)], axis=1)

    def count(trees, nodes):
        at = np.zeros(len(y), int)
        for _ in range(depth):
            inner = trees.left[at] >= 0
            right = codes[np.arange(len(y)), trees.feature[at]] > trees.last_left[at]
            at = np.where(inner, trees.left[at] + right, at)
        shifted = [y[at == node] - trees.shift[node] for node in nodes]
        yield nodes, [
            np.concatenate([
                histogram(codes[at == node, f], values, len(cut) + 2, 0)
                for node, values in zip(nodes, shifted, strict=True)
            ])
            for f, cut in enumerate(cuts)
        ]  # fmt: skip

    limits = Limits(Rule("variance", 5), depth, 10)
    return grow(1, 3, np.array([y[0]]), [False] * X.shape[1], limits, count, lambda *_: None)


def test_pruning_against_scikit_learn():
    """Its path of alphas is that of Breiman et al.; a cp is alpha times rows over the risk of the root."""
    X, y = RNG.normal(size=(150, 3)), RNG.normal(size=150)
    y += X[:, 0] > 0.3
    trees = grown(X, y, 4)
    other = DecisionTreeRegressor(max_depth=4, min_samples_split=10, min_samples_leaf=5).fit(X, y)
    assert len(trees) == other.tree_.node_count
    risk = risks(trees, is_regression=True)
    found = complexities(trees, risk)
    path = other.cost_complexity_pruning_path(X, y)
    np.testing.assert_allclose(np.unique(found[found > 0]), np.unique(path.ccp_alphas)[1:] * 150 / risk[0])
    pruned = DecisionTreeRegressor(max_depth=4, min_samples_split=10, min_samples_leaf=5)
    for cp in np.unique(found[found > 0]):
        pruned.set_params(ccp_alpha=cp * risk[0] / 150 * (1 + 1e-6)).fit(X, y)
        assert kept(trees, found, np.array([cp])).sum() == pruned.tree_.node_count
