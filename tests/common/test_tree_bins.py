"""Edges and bins, each against all there is to try; no database."""

import numpy as np
import pytest

from madpy.modules.common.trees import bins, counts
from madpy.modules.common.trees import edges as edge
from madpy.modules.common.trees.bins import Bins, Seen, bit_words

RNG = np.random.default_rng(7)
ONES = np.ones(1000)


def edges(values, weights, num_bins):
    """Return the edges of bins for one group."""
    return edge.edges(values[None], weights[None], num_bins)[0]


def test_few_values_have_a_bin_each():
    values = np.array([3.0, 1.0, np.nan, 2.0, 2.0])
    np.testing.assert_equal(edges(values, ONES[:5], 10), [1.5, 2.5])


def test_infinities_have_bins():
    values = np.array([1.0, -np.inf, np.inf, 2.0])
    np.testing.assert_equal(edges(values, ONES[:4], 10), [np.finfo(float).min, 1.5, 2])
    values = np.array([-np.inf, np.finfo(float).min, 0.0])
    np.testing.assert_equal(edges(values, ONES[:3], 10), [np.finfo(float).min / 2])


def test_many_values_have_bins_of_equal_weight():
    counts = np.histogram(values := RNG.normal(size=1000), [-np.inf, *edges(values, ONES, 10), np.inf])[0]
    np.testing.assert_equal(counts, 100)


def test_a_frequent_value_has_its_own_bin():
    values = np.concatenate([np.zeros(500), RNG.uniform(-1, 1, 500)])
    cuts = edges(values, ONES, 10)
    assert cuts[cuts > 0].min() < 0.02 and cuts[cuts < 0].max() > -0.02


def test_edges_of_groups_are_those_of_each():
    """By the rule, value by value; with weights, and of groups of several sizes."""
    for _ in range(30):
        values = RNG.integers(0, 30, (4, 40)) / 4
        values[1, 25:], values[2, 2:], values[3] = np.nan, np.nan, np.nan
        weights = RNG.integers(1, 9, (4, 40)).astype(float)
        weights[0, values[0] == values[0, 0]] *= 20
        found = edge.edges(values, weights, 6)
        for g in range(4):
            wanted = plain_edges(values[g], weights[g], 6)
            np.testing.assert_equal(found[g], [*wanted, *[np.inf] * (found.shape[1] - len(wanted))])


def plain_edges(values, weights, bins):
    distinct = sorted({v for v in values.tolist() if v == v})
    weight = [weights[values == v].sum() for v in distinct]
    cuts = []
    for i in range(len(distinct) - 1):
        below, upto = sum(weight[:i]), sum(weight[: i + 1])
        ends = any(below < sum(weight) * k / bins <= upto for k in range(1, bins))
        is_heavy = max(weight[i : i + 2]) * bins >= sum(weight)
        if len(distinct) <= bins or ends or is_heavy:
            cuts.append((distinct[i] + distinct[i + 1]) / 2)
    return cuts


@pytest.mark.parametrize("many", [0, 1000])
def test_what_a_sample_shows_of_bins(monkeypatch, many):
    """Value by value; with a search in each group, or one sort of all."""
    monkeypatch.setattr(bins, "MANY", many)
    values = RNG.integers(0, 9, (5, 30)).astype(float)
    values[1, 3:], values[2] = np.nan, np.nan
    cuts = np.array([[1.0, 3, 5], [0, 2, np.inf], [np.inf] * 3, [2, 3, np.inf], [8, np.inf, np.inf]])
    seen = Seen.of(np.sort(values, axis=1), cuts)
    for g in range(5):
        for b in range(4):
            low, high = [-np.inf, *cuts[g]][b], [*cuts[g], np.inf][b]
            own = np.sort(values[g][(values[g] > low) & (values[g] <= high)])
            found = [seen.smallest[g, b], seen.middle[g, b], seen.largest[g, b]]
            wanted = own[[0, (len(own) - 1) // 2, -1]] if len(own) else [np.nan] * 3
            np.testing.assert_equal(found, wanted)


def test_bins_that_may_have_several_values():
    """All values of a whole sample are known; of a part of the rows only that two values are two."""
    values = [np.array([[1.0, 2, 3, 4]] * 2), np.array([[5.0, 5, np.nan, np.nan]] * 2), np.zeros((2, 4))]
    found = Bins.of([None, None, 3], values, np.ones((2, 4)), 2, np.array([True, False]))
    assert [several.tolist() for several in found.several[:2]] == [[[True, True]] * 2, [[False], [True]]]
    assert [unsure.tolist() for unsure in found.unsure[:2]] == [[[False, False]] * 2, [[False], [True]]]
    found.learn(np.array([1]), np.array([1]), np.array([0]), np.array([5.0]), np.array([5.0]))
    assert not found.several[1].any() and not found.any_unsure and found.seem_empty == [False] * 3
    np.testing.assert_equal(found.marks(), [[3, 0], [3, 0]])


def test_flags_as_words():
    flags = RNG.random((3, 70)) < 0.5
    words = bit_words(flags)
    assert words.shape == (3, 3)
    bits = [[word >> i & 1 for word in row for i in range(32)] for row in words.tolist()]
    assert [row[:70] for row in bits] == flags.tolist()


@pytest.mark.parametrize(
    "values", [[], [np.nan], [1.0, 1.0], [-np.inf, np.inf], [1e308, 1.7e308], [0, 5e-324]]
)
def test_edges_are_finite_and_between(values):
    values = np.array(values)
    cuts = edges(values, ONES[: len(values)], 10)
    assert np.isfinite(cuts).all()
    assert all((values <= cut).any() and (values > cut).any() for cut in cuts)


def test_edges_are_the_same_in_parts(monkeypatch):
    values = np.random.default_rng(3).integers(0, 20, (6, 50)).astype(float)
    values[2] = 1
    whole = edge.edges(values, np.ones_like(values), 7)
    monkeypatch.setattr(counts, "NUMBERS_AT_ONCE", 1)
    assert np.array_equal(edge.edges(values, np.ones_like(values), 7), whole)


def test_weights_as_whole_numbers():
    """Whole ones as they are; others in the same ratios, to a part in a million, and none above 0 as 0."""
    weights = np.array([[1.0, 2, 0, 5], [0.5, 0.25, 0, 1e-20], [1e15, 1, 3e15, 0]])
    found = edge.whole(weights)
    np.testing.assert_equal(found, np.floor(found))
    np.testing.assert_equal(found[0], weights[0])
    np.testing.assert_equal(found > 0, weights > 0)
    np.testing.assert_allclose(found[1, 0] / found[1, 1], 2, rtol=1e-6)
    np.testing.assert_allclose(found[2, 2] / found[2, 0], 3, rtol=1e-6)
    assert (found.sum(axis=1) <= 2.0**41).all()
