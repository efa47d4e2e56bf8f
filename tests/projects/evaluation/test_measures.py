"""Figures of projects beside those of the worker and of sklearn.metrics."""

import numpy as np
import pytest
from sklearn import metrics

from madpy.modules.projects.evaluation import measures
from madpy.worker.metrics import BETTER


def test_directions_are_those_of_the_worker() -> None:
    for figures in BETTER.values():
        for name, better in figures.items():
            assert (name in measures.LOWER_IS_BETTER) == (better == "lower"), name


def test_no_bit_depends_on_the_order_of_rows() -> None:
    rng = np.random.default_rng(0)
    truth, predicted = rng.normal(size=(2, 1000, 1)) * 10.0 ** rng.integers(-8, 8, (1000, 1))
    empty = np.zeros((1000, 0))
    order = rng.permutation(1000)
    assert measures.supervised("regression", truth, predicted, empty, 0) == measures.supervised(
        "regression", truth[order], predicted[order], empty, 0
    )


@pytest.mark.parametrize("rows", [1, 2, 50])
def test_roc_with_ties_and_few_rows(rows: int) -> None:
    rng = np.random.default_rng(rows)
    hit, score = rng.random(rows) < 0.4, np.round(rng.random(rows), 1)
    area = measures.area(*measures.roc(hit, score)[:2])
    if hit.all() or not hit.any():
        assert np.isnan(area)
    else:
        assert area == pytest.approx(metrics.roc_auc_score(hit, score))


def test_curves_are_thinned() -> None:
    rng = np.random.default_rng(1)
    score = rng.random(10_000)
    false, true, _ = measures.roc(rng.random(10_000) < score, score)
    places = measures.corners(false, true, 200)
    assert len(places) <= 200
    assert (places[0], places[-1]) == (0, len(false) - 1)


def test_constant_targets_have_no_share_of_variance() -> None:
    one = np.ones(3)
    assert measures.regression(one, one)["r2"] == metrics.r2_score(one, one) == 1
    assert measures.regression(one, one + 1)["r2"] == metrics.r2_score(one, one + 1) == 0


def test_silhouette_of_single_rows_and_of_one_cluster() -> None:
    points = np.array([[0.0], [1.0], [5.0], [6.0], [20.0]])
    labels = np.array([0, 0, 1, 1, 2])
    assert measures.silhouette(points, labels) == pytest.approx(metrics.silhouette_score(points, labels))
    assert np.isnan(measures.silhouette(points, np.zeros(5)))
