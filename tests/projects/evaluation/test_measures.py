"""Figures of projects beside those of the worker and of sklearn.metrics."""

import numpy as np
import pytest
from sklearn import metrics

from madpy.modules.projects.evaluation import measures
from madpy.worker.metrics import BETTER, classification, probabilities, regression


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


# --- beside the worker, which imports nothing of madpy ---


def same(found: dict[str, float], expected: dict[str, object]) -> None:
    """Assert that all figures which both have are equal, None standing for what is not a number."""
    common = {name for name, value in expected.items() if name in found and not isinstance(value, list)}
    assert common >= {"r2", "mae"} or common >= {"f1", "mcc"}
    for name in common:
        value = np.nan if expected[name] is None else expected[name]
        assert found[name] == pytest.approx(value, rel=1e-9, abs=1e-12, nan_ok=True), name


@pytest.mark.parametrize("seed", range(20))
def test_regressions_are_judged_as_by_the_worker(seed: int) -> None:
    """One row, ties, targets that are constant or far from 0, and several targets are among them."""
    rng = np.random.default_rng(seed)
    rows, targets = int(rng.integers(1, 60)), int(rng.integers(1, 4))
    truth = np.round(rng.normal(size=(rows, targets)), int(rng.integers(0, 4))) + 10.0 ** (seed % 5)
    predicted = np.round(truth + rng.normal(size=truth.shape) * rng.integers(0, 3), 2)
    truth[:, 0] = truth[0, 0] if seed % 4 == 0 else truth[:, 0]
    ours = measures.supervised("regression", truth, predicted, np.zeros((rows, 0)), 0)
    same(ours, regression(truth, predicted, None, [f"y{j}" for j in range(targets)]))


@pytest.mark.parametrize("seed", range(20))
def test_classes_are_judged_as_by_the_worker(seed: int) -> None:
    """Classes that no row has, or that are never predicted, are among them."""
    rng = np.random.default_rng(seed)
    rows, count = int(rng.integers(1, 80)), int(rng.integers(2, 6))
    truth, predicted = rng.integers(0, count, rows), rng.integers(0, count - seed % 2, rows)
    shares = rng.dirichlet(np.ones(count), rows)
    ours = measures.supervised(
        "classification", truth[:, None] * 1.0, predicted[:, None] * 1.0, shares, count
    )
    theirs = classification(truth, predicted, count, None) | probabilities(truth, shares, None)
    same(ours, theirs)
    assert {"roc_auc", "log_loss"} <= set(ours) & set(theirs)
