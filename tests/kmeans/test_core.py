"""Arithmetic of k-means: draws, centroids, distances.  No database."""

import numpy as np
import pytest

from madpy.modules.kmeans import core


def test_uniforms_are_those_of_splitmix64():
    """Source: the reference output of SplitMix64 for seed 1234567."""
    first = [6457827717110365317, 3203168211198807973, 9817491932198370423]
    assert core.uniforms(1234567, 3).tolist() == [(number >> 11) * 2.0**-53 for number in first]


def test_uniforms_are_even():
    numbers = core.uniforms(1, 100_000)
    assert np.abs(np.histogram(numbers, 10, (0, 1))[0] - 10_000).max() < 400
    assert numbers.min() >= 0
    assert numbers.max() < 1


@pytest.mark.parametrize(
    ("metric", "expected"), [("squared_euclidean", 25.0), ("manhattan", 7.0), ("cosine", 12.5)]
)
def test_distances(metric, expected):
    assert core.distances(np.array([3.0, 4.0]), np.zeros(2), metric) == expected


def test_unit():
    assert core.unit(np.array([[3.0, 4.0], [0.0, 0.0]])).tolist() == [[0.6, 0.8], [0, 0]]


def test_the_cosine_distance_of_close_directions_has_digits():
    angle = 1e-9
    a, b = np.array([1.0, 0.0]), np.array([np.cos(angle), np.sin(angle)])
    assert core.distances(a, b, "cosine") == pytest.approx(angle**2 / 2, rel=1e-12)


def test_means():
    old = np.array([[[9.0, 9.0], [7.0, 7.0]]])
    found = core.means(np.array([[4.0, 0.0]]), np.array([[[2.0, 4.0], [0.0, 0.0]]]), old, "squared_euclidean")
    assert found.tolist() == [[[0.5, 1.0], [7.0, 7.0]]]


def test_the_mean_direction():
    old = np.array([[[1.0, 0.0], [0.0, 1.0]]])
    sums = np.array([[[3.0, 4.0], [0.0, 0.0]]])  # the second: opposite directions
    assert core.means(np.array([[5.0, 2.0]]), sums, old, "cosine").tolist() == [[[0.6, 0.8], [0.0, 1.0]]]


def test_moves_ignore_places_that_are_not_used():
    old = np.array([[[0.0], [np.nan]]])
    assert core.moves(old, old + 2, "squared_euclidean").tolist() == [4.0]


def test_limits():
    inertia, rows = np.array([8.0, 0.0]), np.array([2, 0])
    assert core.limits(inertia, rows, 0.5, "squared_euclidean").tolist() == [1.0, 0.0]
    assert core.limits(inertia, rows, 0.5, "manhattan").tolist() == [2.0, 0.0]
