"""Splits and pruning, each against all there is to try, or against scikit-learn; no database."""

import itertools

import numpy as np
import pytest
from sklearn.tree import DecisionTreeRegressor

from madpy.modules.common.trees import counts, splits
from madpy.modules.common.trees.counts import Rule, loss
from madpy.modules.common.trees.edges import edges as edges_of_groups
from madpy.modules.common.trees.grow import Limits, grow
from madpy.modules.common.trees.splits import Counted, Splits, best_splits, level_order
from madpy.modules.dtree.core import complexities, risks, unpruned
from tests.dtree.brute import best_of_all, histogram

RNG = np.random.default_rng(7)


def edges(values, weights, num_bins):
    """Return the edges of bins for one group."""
    return edges_of_groups(values[None], weights[None], num_bins)[0]


def no_splits(total):
    zeros = np.zeros(len(total))
    whole = zeros.astype(int)
    return Splits(zeros, whole, whole.copy(), whole > 0, zeros.copy(), np.zeros_like(total), {})


def by_a_category(cells, rule):
    total = cells.sum(axis=1)
    return best_splits(Counted(total, no_splits(total), [(0, cells)]), rule)


@pytest.mark.parametrize(("criterion", "classes"), [("gini", 2), ("entropy", 2), ("variance", 0)])
def test_the_best_set_of_levels(criterion, classes):
    """A cut in the order of the mean is the best of all 2^6 sets: Breiman et al. (1984), theorem 4.5."""
    for _ in range(20):
        codes = RNG.integers(0, 6, 40)
        target = RNG.integers(0, classes or 9, 40).astype(float)
        found = by_a_category(histogram(codes, target, 7, classes), Rule(criterion, 1))
        sides = [set(side) for n in range(1, 6) for side in itertools.combinations(range(6), n)]
        wanted = best_of_all(codes, target, 7, classes, criterion, 1, sides)
        np.testing.assert_allclose(found.gain[0], wanted, atol=1e-9)


def test_levels_of_many_classes_are_ordered_along_the_first_component():
    shares = np.array([[9, 1, 0], [1, 9, 0], [8, 2, 0], [0, 0, 0], [2, 8, 0]], float)
    assert level_order(shares[None], "gini").tolist()[0] in ([0, 2, 4, 1, 3], [1, 4, 2, 0, 3])


def test_levels_that_a_node_does_not_have_go_with_null():
    codes = np.array([0] * 8 + [2] * 4)
    found = by_a_category(histogram(codes, codes / 2, 5, 0), Rule("variance", 1))
    assert not found.null_right[0] and found.levels_left[0].tolist() == [True, True, False, True]


def by_a_number(histograms, least):
    """Find the best split of each node as a pass does, for a regression without NULL."""
    total = histograms[0].sum(axis=1)
    best = no_splits(total)
    for f, cells in enumerate(histograms):
        left = cells[:, :-2].cumsum(axis=1)
        right = total[:, None] - left
        gain = loss(total, "variance")[:, None] - loss(left, "variance") - loss(right, "variance")
        gain[np.minimum(left[..., 0], right[..., 0]) < least] = 0
        for node, at in enumerate(gain.argmax(axis=1)):
            if gain[node, at] > best.gain[node] + 1e-9:
                best.gain[node], best.feature[node], best.last_left[node] = gain[node, at], f, at
                best.left[node] = left[node, at]
    return Counted(total, best, [])


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
        cells = [
            np.concatenate([
                histogram(codes[at == node, f], values, len(cut) + 2, 0)
                for node, values in zip(nodes, shifted, strict=True)
            ])
            for f, cut in enumerate(cuts)
        ]  # fmt: skip
        yield nodes, by_a_number(cells, 5)

    limits = Limits(Rule("variance", 5), depth, 10)
    return grow(1, 3, np.array([y[0]]), limits, count, lambda *_: None)


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
        assert unpruned(trees, found, np.array([cp])).sum() == pruned.tree_.node_count


@pytest.mark.parametrize(("criterion", "classes"), [("gini", 2), ("entropy", 4), ("variance", 3)])
def test_splits_are_the_same_in_parts(monkeypatch, criterion, classes):
    """Whatever number of counts is looked at at once: 5 nodes, 9 levels and NULL."""
    cells = np.random.default_rng(2).integers(0, 6, (5, 10, classes)).astype(float)
    cells[3, -1] = 0
    if criterion == "variance":
        cells[..., 2] = cells[..., 1] ** 2 + 1
    whole = by_a_category(cells, Rule(criterion, 1))
    monkeypatch.setattr(counts, "NUMBERS_AT_ONCE", 1)
    parts = by_a_category(cells, Rule(criterion, 1))
    assert np.allclose(whole.gain, parts.gain, rtol=1e-12)
    assert (whole.null_right == parts.null_right).all()
    assert {n: s.tolist() for n, s in whole.levels_left.items()} == {
        n: s.tolist() for n, s in parts.levels_left.items()
    }


def test_the_axis_of_very_many_classes(monkeypatch):
    """By the power method as by numpy's decomposition."""
    factors = np.random.default_rng(4).normal(size=(3, 30, 8)) * np.geomspace(1, 10, 8)
    covariance = factors.swapaxes(1, 2) @ factors
    whole = splits.principal_axes(covariance)
    monkeypatch.setattr(splits, "MANY_CLASSES", 5)
    found = splits.principal_axes(covariance)
    assert np.allclose(found / np.linalg.norm(found, axis=1, keepdims=True), whole, atol=1e-9)
