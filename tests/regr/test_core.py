"""The arithmetic of inference, without a database, against scipy's distributions and by hand."""

import numpy as np
import pytest
from scipy import stats

from madpy.modules.regr import core

NAN = float("nan")


def test_t_tests():
    """Two groups at once, of 3 and 1000 degrees of freedom."""
    coef = np.array([[2.0, -1.0], [2.0, -1.0]])
    covariance = np.array([[[4.0, 0.1], [0.1, 0.25]]] * 2)
    found = core.inference(coef, covariance, np.array([3.0, 1000.0]))
    np.testing.assert_allclose(found.std_err, [[2, 0.5]] * 2)
    np.testing.assert_allclose(found.t_stats, [[1, -2]] * 2)
    wanted = [2 * stats.t.sf([1, 2], df) for df in (3, 1000)]
    np.testing.assert_allclose(found.p_values, wanted, rtol=1e-13)


def test_an_aliased_term_has_no_figures():
    covariance = np.array([[[1.0, NAN], [NAN, NAN]]])
    found = core.inference(np.array([[1.0, NAN]]), covariance, np.array([5.0]))
    for values in (found.std_err, found.t_stats, found.p_values):
        assert np.isnan(values).tolist() == [[False, True]]


def test_no_error_at_all():
    """0 / 0 is no t; anything else over 0 is certain."""
    found = core.inference(np.array([[1.0, 0.0]]), np.zeros((1, 2, 2)), np.array([5.0]))
    np.testing.assert_array_equal(found.t_stats, [[np.inf, NAN]])
    np.testing.assert_array_equal(found.p_values, [[0, NAN]])


def test_hc1_scales_by_the_degrees_of_freedom():
    """n / (n - k); nothing where there are none."""
    scaled = core.hc1(np.ones((2, 1, 1)), np.array([10.0, 2.0]), np.array([8.0, 0.0]))
    np.testing.assert_array_equal(scaled.ravel(), [1.25, NAN])


def wald(coef, covariance, slopes, df_model, df_residual=10.0):
    arrays = (np.array([coef], dtype=float), np.array([covariance], dtype=float), np.array([slopes]))
    f_stat, p_value = core.wald(*arrays, np.array([float(df_model)]), np.array([df_residual]))
    return f_stat[0], p_value[0]


def test_one_slope_is_its_t_squared():
    f_stat, p_value = wald([5, 3], [[1, 0], [0, 4]], [False, True], 1)
    assert f_stat == pytest.approx((3 / 2) ** 2)
    assert p_value == pytest.approx(2 * stats.t.sf(1.5, 10))


def test_several_slopes():
    covariance = np.array([[2.0, 0.5, 0.1], [0.5, 1.0, 0.3], [0.1, 0.3, 3.0]])
    slopes = np.array([1.0, -2.0])
    f_stat, p_value = wald([9, *slopes], covariance, [False, True, True], 2)
    assert f_stat == pytest.approx(slopes @ np.linalg.inv(covariance[1:, 1:]) @ slopes / 2)
    assert p_value == pytest.approx(stats.f.sf(f_stat, 2, 10))


def test_units_do_not_matter():
    """Terms in grams and in light years: 1e30 between their variances is no lack of rank."""
    plain = wald([1, 2], [[1, 0.5], [0.5, 2]], [True, True], 2)
    units = np.diag([1e-15, 1e15])
    assert wald([1e-15, 2e15], units @ [[1, 0.5], [0.5, 2]] @ units, [True, True], 2) == pytest.approx(plain)


@pytest.mark.parametrize(
    ("coef", "covariance", "slopes", "df_model"),
    [
        ([1, 2], [[1, 0], [0, 1]], [False, False], 0),  # an intercept alone
        ([1, 2], [[1, 0], [0, 1]], [True, True], 1),  # a constant that is not called one
        ([1, 2], [[1, 1], [1, 1]], [True, True], 2),  # errors that are the same
        ([1, 2], [[0, 0], [0, 0]], [True, True], 2),  # an exact fit
        ([1, 2], [[NAN, NAN], [NAN, NAN]], [True, True], 2),  # no degrees of freedom
    ],
)
def test_nothing_to_test(coef, covariance, slopes, df_model):
    np.testing.assert_array_equal(wald(coef, covariance, slopes, df_model), (NAN, NAN))


def test_an_aliased_slope_is_left_out():
    covariance = [[4, NAN], [NAN, NAN]]
    assert wald([3, NAN], covariance, [True, True], 1)[0] == pytest.approx(2.25)


def test_breusch_and_pagan():
    statistic, p_value = core.breusch_pagan(np.array([0.1]), np.array([50.0]), np.array([3.0]))
    assert statistic[0] == pytest.approx(5)
    assert p_value[0] == pytest.approx(stats.chi2.sf(5, 3))
