"""Links that C computes for many rows at once, over the whole range of predictors, to the last digits.

The tail of the normal distribution is erfcx(x / sqrt(2)) exp(-x^2 / 2) / 2: scipy has the first factor,
which is as sure as its argument.  The second is taken in decimals, as scipy's own ndtr has 13 digits at -37.
"""

from decimal import Decimal

import numpy as np
import pytest
from scipy import special

from madpy.modules.common.linear.families import LINKS
from madpy.ports.postgres.scan.states import States

RNG = np.random.default_rng(20)
SIZES = np.concatenate([np.linspace(0, 37, 400), RNG.exponential(1, 200), 10 ** RNG.uniform(-17, 0, 50)])


def power(x):
    """Returns exp(-x^2 / 2)."""
    return np.array([float((-(Decimal(float(one)) ** 2) / 2).exp()) for one in x])


def means(sql, link, predictors):
    """Returns glm_predict at each predictor."""
    values = ",".join(map(repr, np.asarray(predictors).tolist()))
    return np.array(
        sql.value(f"""
            SELECT array_agg(madlib.glm_predict(ARRAY[1.0::float8], ARRAY[x], '{link}') ORDER BY n)
            FROM unnest('{{{values}}}'::float8[]) WITH ORDINALITY AS u(x, n)
            """),
        dtype=float,
    )


def test_probit(sql):
    tail = special.erfcx(SIZES / np.sqrt(2)) * power(SIZES) / 2
    np.testing.assert_allclose(means(sql, "probit", -SIZES), tail, rtol=1.5e-15)
    np.testing.assert_allclose(means(sql, "probit", SIZES), 1 - tail, rtol=1.5e-15)


@pytest.mark.parametrize("side", [-1, 1])
def test_information_of_probit(sql, side):
    """Its square root is the density over the root of p (1 - p)."""
    sizes = SIZES[SIZES < 26]  # beyond, the square of the density underflows
    for x in sizes[::20]:
        state = f"madlib.glm_state(0, ARRAY[1], 1, '{{1, 6, NaN, 0, {float(side * x)!r}, 0, 0}}')"
        found = States.parse(sql.value(f"SELECT madlib.__glm_outcome({state})"), 1).body[0, -1]
        tail = special.erfcx(x / np.sqrt(2)) * power([x])[0] / 2
        density = power([x])[0] / np.sqrt(2 * np.pi)
        assert found == pytest.approx(density / tail * (density / (1 - tail)), rel=4e-15)


def test_cloglog(sql):
    predictors = np.concatenate([np.linspace(-690, 6, 700), RNG.uniform(-6, 3, 300)])
    wanted = -np.expm1(-np.exp(predictors))
    np.testing.assert_allclose(means(sql, "cloglog", predictors), wanted, rtol=1e-15)


@pytest.mark.parametrize("link", ["probit", "cloglog"])
def test_predictors_beyond_any_probability(sql, link):
    assert means(sql, link, [1e300, -1e300, 700, -700]) == pytest.approx([1, 0, 1, 0], abs=1e-299)


@pytest.mark.parametrize("link", LINKS)
def test_a_predictor_that_is_not_a_number_has_no_mean(sql, link):
    assert sql(f"SELECT madlib.__glm_predict('{{1}}', '{{NaN}}', NULL, '{link}', false)") == [(None,)]
