"""Distances of distributions, beside scipy and by hand."""

import math

import numpy as np
import pytest
from scipy.stats import chi2_contingency, ks_2samp
from scipy.stats.contingency import association

from madpy.modules.projects.monitoring import shifts


def quantiles(values: list[float]) -> list[float]:
    return [float(one) for one in np.quantile(values, np.linspace(0, 1, 101))]


def test_the_index_of_two_bins_by_hand() -> None:
    """(0.3 - 0.5) log(0.3 / 0.5) + (0.7 - 0.5) log(0.7 / 0.5) = 0.16945957207744076."""
    assert shifts.stability([0.5, 0.5], [0.3, 0.7]) == pytest.approx(0.16945957207744076, abs=1e-15)
    assert shifts.stability([0.2, 0.8], [0.2, 0.8]) == 0


def test_an_empty_bin_counts_as_a_ten_thousandth() -> None:
    """(0.0001 - 0.5) log(0.0001 / 0.5) + (1 - 0.5) log(1 / 0.5)."""
    expected = (0.0001 - 0.5) * math.log(0.0001 / 0.5) + 0.5 * math.log(2)
    assert shifts.stability([0.5, 0.5], [0, 1]) == pytest.approx(expected, rel=1e-15)


@pytest.mark.parametrize("move", [0, 0.3, 2])
def test_shares_of_quantiles_lead_to_the_distance_that_scipy_has(move: float) -> None:
    draw = np.random.default_rng(5)
    before, now = draw.normal(size=20_000), draw.normal(move, size=5_000)
    known = quantiles(before.tolist())
    points = shifts.points(known)
    gap = shifts.largest_gap(
        [shifts.share_below(known, point) for point in points],
        [float((now < point).mean()) for point in points],
    )
    assert gap == pytest.approx(ks_2samp(before, now).statistic, abs=0.01)


def test_a_constant_has_one_bin_that_a_move_to_either_side_leaves() -> None:
    known = quantiles([3.0] * 50)
    assert shifts.borders(known) == [math.nextafter(3, 4)]
    below = [shifts.share_below(known, point) for point in shifts.points(known)]
    assert below == [0, 1]


def test_deciles_end_their_bins() -> None:
    known = quantiles([float(n) for n in range(1001)])
    shares = shifts.in_bins([shifts.share_below(known, end) for end in shifts.borders(known)])
    assert shares == pytest.approx([0.1] * 10, abs=1e-9)


def test_levels_that_were_not_there_are_the_rest() -> None:
    before, now = shifts.of_levels({"a": 6, "b": 2}, 2, {"a": 5, "c": 5})
    assert (before, now) == ([0.6, 0.2, 0.2], [0.5, 0, 0.5])


@pytest.mark.parametrize("rows", [10, 1_000_000])
def test_the_distance_of_categories_is_that_of_the_chi_squared_test(rows: int) -> None:
    """Beside scipy, for samples of equal size, whose number of rows does not count."""
    before, now = np.array([0.6, 0.2, 0.2, 0]), np.array([0.5, 0, 0.1, 0.4])
    table = np.array([before, now]) * rows
    statistic = chi2_contingency(table, correction=False).statistic
    distance = shifts.cramers_v(before.tolist(), now.tolist())
    assert distance == pytest.approx(math.sqrt(statistic / (2 * rows)), rel=1e-12)
    assert distance == pytest.approx(association(np.rint(table).astype(int), method="cramer"), rel=1e-12)


def test_the_distance_of_categories_is_from_zero_to_one() -> None:
    assert shifts.cramers_v([0.5, 0.5, 0], [0.5, 0.5, 0]) == 0
    assert shifts.cramers_v([0.5, 0.5, 0], [0, 0, 1]) == 1


@pytest.mark.parametrize(
    ("index", "distance", "word"),
    [
        (0.05, 0.05, "stable"),
        (0.1, 0.05, "changed a little"),
        (0.05, 0.15, "changed a little"),
        (0.3, 0.05, "changed"),
        (0.05, 0.4, "changed"),
    ],
)
def test_the_verdict_is_the_worse_of_two(index: float, distance: float, word: str) -> None:
    assert shifts.verdict(index, 0.3, distance, 0.4) == word


def test_a_threshold_below_a_little_is_what_counts() -> None:
    assert shifts.verdict(0.06, 0.05, 0, 1) == "changed"
    assert shifts.verdict(0, 1, 0.06, 0.05) == "changed"
