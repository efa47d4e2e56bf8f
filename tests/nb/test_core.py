"""The arithmetic of naive Bayes without a database; expected values from numpy and exact fractions."""

from fractions import Fraction

import numpy as np
import pytest

from madpy.modules.nb import core


def cells(values):
    """A Cell of modules/nb/nb.c from numbers, its sums right to 106 bits."""
    exact = [Fraction(v) for v in values]

    def two(total):
        high = float(total)
        return high, float(total - Fraction(high))

    return [len(values), *two(sum(exact)), *two(sum(v * v for v in exact)), min(values), max(values)]


def body(*classes):
    """One numeric feature, the values of each class."""
    rows = [len(values) for values in classes]
    return np.array([[len(classes), 0, *rows, *(x for values in classes for x in cells(values))]], float)


def test_mean_and_variance():
    a, b = [1.0, 2.0, 4.0], [10.0, 10.5]
    found = core.statistics(body(a, b), 2, [0])
    (x,) = found.features
    np.testing.assert_allclose(x.mean, [[np.mean(a), np.mean(b)]], rtol=1e-15)
    np.testing.assert_allclose(x.variance, [[np.var(a), np.var(b)]], rtol=1e-15)
    np.testing.assert_array_equal(found.rows, [[3, 2]])


@pytest.mark.parametrize("offset", [0.0, 1e7, 1e12])
def test_a_mean_far_from_zero_costs_no_digits(offset):
    values = [offset + i / 16 for i in range(101)]
    exact = [Fraction(v) for v in values]
    mean = sum(exact) / 101
    variance = float(sum((v - mean) ** 2 for v in exact) / 101)
    (x,) = core.statistics(body(values, [1.0]), 2, [0]).features
    assert x.variance[0, 0] == pytest.approx(variance, rel=1e-14 if offset < 1e9 else 1e-6)
    assert x.mean[0, 0] == float(mean)


def test_equal_values_have_variance_zero():
    (x,) = core.statistics(body([0.1] * 1000, [3.0]), 2, [0]).features
    assert x.variance.tolist() == [[0.0, 0.0]]


def test_two_product_is_exact():
    rng = np.random.default_rng(1)
    a, b = rng.normal(size=100) * 10.0 ** rng.integers(-50, 50, 100), rng.normal(size=100)
    product, error = core.two_product(a, b)
    for i in range(100):
        assert Fraction(product[i]) + Fraction(error[i]) == Fraction(a[i]) * Fraction(b[i])


def test_a_class_without_a_value_takes_those_of_all():
    numbers = core.Numbers(np.array([[2.0, 0.0]]), np.array([[3.0, np.nan]]), np.array([[4.0, np.nan]]))
    found = core.densities(numbers)
    assert found[0, 0].tolist() == [3, 3]
    assert found[0, 1].tolist() == pytest.approx([0.125, 0.125], rel=2e-9)


def test_a_feature_that_says_nothing_adds_nothing():
    empty = core.Numbers(np.zeros((1, 2)), np.full((1, 2), np.nan), np.full((1, 2), np.nan))
    constant = core.Numbers(np.ones((1, 2)), np.ones((1, 2)), np.zeros((1, 2)))
    rounded = core.Numbers(np.ones((1, 2)), np.array([[0.1, np.nextafter(0.1, 1)]]), np.zeros((1, 2)))
    for numbers in (empty, constant, rounded):
        assert core.added_variance(numbers).tolist() == [[0]]
        assert not core.densities(numbers).any()


def test_smoothing():
    levels = core.Levels(np.array([[[3.0, 1.0, 0.0], [0.0, 0.0, 0.0]]]))
    known = core.seen(levels)
    assert known.tolist() == [[True, True, False]]
    assert core.probabilities(levels, known, 1).tolist() == [[[4 / 6, 2 / 6, 0], [0.5, 0.5, 0]]]
    found = core.probabilities(levels, known, 0)
    assert found.tolist() == [[[0.75, 0.25, 0], [0.5, 0.5, 0]]]
    logs = core.logarithms(found, known)
    assert logs.shape == (1, 3, 2)
    assert logs[0, 2].tolist() == [0, 0]


def test_a_probability_of_zero_is_rare_not_impossible():
    levels = core.Levels(np.array([[[1.0, 0.0], [0.0, 1.0]]]))
    known = core.seen(levels)
    assert np.isfinite(core.logarithms(core.probabilities(levels, known, 0), known)).all()


def test_the_body_of_no_rows():
    start = core.start(2, [0, 3])
    assert start[:5].tolist() == [2, 0, 3, 0, 0]
    assert len(start) == 5 + 2 * len(core.CELL) + 2 * 3
