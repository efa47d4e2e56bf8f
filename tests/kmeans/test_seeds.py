"""k-means++ (modules/kmeans/kmeans_seeds.c): which points are the first centroids."""

from collections.abc import Callable, Iterator
from functools import partial

import numpy as np
import pytest

from madpy.modules.kmeans import core, seeding
from madpy.ports.postgres import plpy
from madpy.ports.postgres.session.db import Database
from tests.kmeans import plain

SQUARE = np.array([[0.0, 0], [0, 1], [1, 0], [1, 1]])


@pytest.fixture
def seeds(database, sql) -> Iterator[Callable[..., np.ndarray]]:
    """seeds(points, weights, k, distance, seed), in the server."""
    plpy.connect(database.database, database.host, database.port, database.user)
    yield partial(seeding.plus_plus, Database(plpy))
    plpy.close()


def test_seeds_are_distinct_points(seeds):
    points = np.repeat(SQUARE, 5, axis=0)[None]
    for seed in range(20):
        found = seeds(points, np.ones((1, 20)), 4, "squared_euclidean", seed)
        assert sorted(found[0].tolist()) == SQUARE.tolist()


def test_fewer_points_than_seeds(seeds):
    found = seeds(SQUARE[None, :2], np.ones((1, 2)), 3, "squared_euclidean", 1)
    assert sorted(found[0, :2].tolist()) == [[0, 0], [0, 1]]
    assert np.isnan(found[0, 2]).all()


def test_points_of_weight_zero_are_not_there(seeds):
    weights = np.array([[1.0, 0, 0, 1], [0, 1, 1, 0], [0, 0, 0, 0]])
    found = seeds(np.stack([SQUARE] * 3), weights, 2, "squared_euclidean", 1)
    assert sorted(found[0].tolist()) == [[0, 0], [1, 1]]
    assert sorted(found[1].tolist()) == [[0, 1], [1, 0]]
    assert np.isnan(found[2]).all()


def test_a_group_has_the_seeds_it_would_have_alone(seeds, monkeypatch):
    """However many groups are looked at at once."""
    points = np.random.default_rng(1).normal(size=(7, 50, 3))
    weights = np.ones((7, 50))
    together = seeds(points, weights, 4, "manhattan", 3)
    monkeypatch.setattr(seeding, "NUMBERS_PER_STATEMENT", 1)
    assert (seeds(points, weights, 4, "manhattan", 3) == together).all()


def test_seeds_are_drawn_by_weight(seeds):
    """The first one; of 2,000 draws with weights 1 to 3, a quarter and three quarters."""
    points = np.array([[[0.0], [1.0]]])
    weights = np.array([[1.0, 3.0]])
    drawn = [seeds(points, weights, 1, "squared_euclidean", seed)[0, 0, 0] for seed in range(2000)]
    assert np.mean(drawn) == pytest.approx(0.75, abs=0.04)


@pytest.mark.parametrize("distance", core.METRICS)
@pytest.mark.parametrize(
    ("groups", "m", "d", "k"), [(3, 500, 3, 40), (1, 1000, 1, 400), (2, 37, 60, 5), (1, 5, 2, 9)]
)
def test_the_draws_are_those_of_numpy(seeds, distance, groups, m, d, k):
    """To the last bit: the definition, written with numpy in plain.py."""
    random = np.random.default_rng(m)
    points = random.normal(size=(groups, m, d)) + 1000.0 * random.integers(0, 5, (groups, m, 1))
    weights = random.integers(0, 4, (groups, m)).astype(float)
    if distance == "cosine":
        points = core.unit(points)
    found = seeds(points, weights, k, distance, 7)
    assert np.array_equal(found, plain.plus_plus(points, weights, k, distance, 7), equal_nan=True)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"p": "7 bytes"}, "7 bytes are not points"),
        ({"p": ""}, "there are no 1 seeds of 1 groups of these points"),
        ({"groups": "0"}, "16 bytes are not weights of points"),
        ({"groups": "-1"}, "16 bytes are not weights of points"),
        ({"groups": "2147483647"}, "16 bytes are not weights of points"),
        ({"k": "0"}, "8 bytes are not numbers for each seed"),
        ({"k": "2147483647"}, "8 bytes are not numbers for each seed"),
        ({"distance": "'far'"}, 'there is no distance "far"'),
    ],
)
def test_arguments_that_do_not_fit(sql, change, message):
    """Two points of one feature, one number for one seed, and each argument made wrong."""
    given = {"p": 16, "w": 16, "u": 8}
    given |= {name: int((change[name] or "0").split()[0]) for name in given if name in change}
    data = ", ".join(f"'\\x{'00' * size}'::bytea" for size in given.values())
    rest = {"groups": "1", "k": "1", "distance": "'manhattan'"} | {
        name: value for name, value in change.items() if name not in given
    }
    error = sql.fails(f"SELECT madlib.__kmeans_seeds({data}, {', '.join(rest.values())})")
    assert (error.sqlstate, error.message) == ("22023", message)
