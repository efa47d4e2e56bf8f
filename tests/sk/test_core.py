"""Figures of several groups together, and candidates that go on, by hand."""

import pytest

from madpy.modules.sk.core import pooled, ranked, rungs


def test_one_group_keeps_its_figures():
    assert pooled([{"r2": 0.5, "rmse": 2.0}], [10]) == {"r2": 0.5, "rmse": 2.0}


def test_no_fit_has_no_figures():
    assert pooled([None, None], [0, 0]) is None


def test_means_are_over_rows():
    assert pooled([{"accuracy": 1.0}, {"accuracy": 0.5}], [10, 30]) == {"accuracy": 0.625}


def test_a_group_without_a_model_does_not_count():
    assert pooled([{"accuracy": 0.5}, None], [4, 100]) == {"accuracy": 0.5}


def test_roots_are_of_means_of_squares():
    """1 over 3 rows and 3 over 1: (3 * 1 + 1 * 9) / 4 = 3."""
    assert pooled([{"rmse": 1.0, "r2": 0.1}, {"rmse": 3.0, "r2": 0.2}], [3, 1]) == {
        "rmse": pytest.approx(3**0.5)
    }


def test_rungs():
    """Each has a third of the rows of the next one, and a third of its candidates go on."""
    assert rungs(9, 900, 3, 100) == [100, 300, 900]
    assert rungs(9, 900, 3, 101) == [300, 900]
    assert rungs(3, 900, 3, 1) == [300, 900]
    assert rungs(10_000, 10**6, 10, 100) == [100, 1000, 10_000, 100_000, 10**6]
    assert rungs(1, 900, 3, 1) == [900]
    assert rungs(9, 2, 3, 1) == [2]


def test_ranked():
    assert ranked([1.0, None, 3.0, 1.0, 2.0], is_lower_better=False) == [2, 4, 0, 3, 1]
    assert ranked([1.0, None, 3.0, 1.0, 2.0], is_lower_better=True) == [0, 3, 4, 2, 1]
    assert ranked([None, None], is_lower_better=True) == [0, 1]
