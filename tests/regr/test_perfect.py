"""A fit that is essentially perfect is said to be so: the bound is that of R's summary.lm.

R warns where rss / df < 1e-30 (mean(fitted)^2 + var(fitted)).
"""

import numpy as np
import pytest

from tests.regr.call import call

PERFECT = "essentially perfect fit{}: standard errors and tests are of rounding only"


@pytest.fixture
def t(load):
    i = np.arange(1, 41)
    noise = np.sin(i * i)
    load(
        g=(i % 2).tolist(),
        x=i.tolist(),
        z=noise.tolist(),
        copy=(0.1 * noise).tolist(),
        y=(0.1 * noise).tolist(),
        half=np.where(i % 2 == 0, 0.1 * noise, noise**2).tolist(),
        line=(0.1 * i + 1e6).tolist(),
        nearly=(0.1 * i + 1e6 + 1e-8 * noise).tolist(),
        w=(i % 4).tolist(),
    )


@pytest.mark.parametrize("options", [{}, {"weights": "w"}, {"robust": True}])
@pytest.mark.parametrize(
    ("target", "features", "equal"),
    [
        ("y", "x, copy", ["copy"]),
        ("y", "copy", ["copy"]),
        ("y", "ARRAY[copy, x]", ["copy"]),
        ("y", "x, z", []),  # a tenth of z
        ("y", "z, copy, x", ["copy"]),  # copy is aliased
        ("y", "copy, x, y", ["copy", "y"]),
        ("line", "x", []),
        ("line", "x, z, line", ["line"]),
        ("nearly", "x", None),
        ("half", "x, copy", None),
    ],
)
def test_the_warning(sql, t, options, target, features, equal):
    sql(call(features, target, **options))
    said = [text for text in sql.warnings if "perfect" in text]
    names = ", ".join(f'"{name}"' for name in equal or [])
    equals = f"; the target equals {names}" if names else ""
    assert said == ([] if equal is None else [PERFECT.format("") + equals])


def test_groups(sql, t):
    sql(call("x, copy", "half", grouping_cols="g"))
    assert sql.warnings == [PERFECT.format(" in 1 of 2 groups") + '; the target equals "copy"']


def test_an_array_column(sql, t):
    sql("CREATE VIEW v AS SELECT y, ARRAY[1, x, copy] AS a FROM t")
    sql(call("a", source="v"))
    assert sql.warnings == [PERFECT.format("") + '; the target equals "a[3]"']


@pytest.mark.parametrize(("noise", "warned"), [(1e-16, True), (1e-14, False)])
def test_the_bound(sql, load, noise, warned):
    """Residuals of 3e-16 and of 3e-14 of the target, whose squares are 1e-31 and 1e-27 of its mean square."""
    i = np.arange(1, 101)
    y = i + noise * i * np.where(i % 2, 3.0, -3.0)
    load(x=i.astype(float).tolist(), y=y.tolist())
    sql(call("x"))
    assert (sql.warnings == [PERFECT.format("") + '; the target equals "x"']) is warned


def test_a_constant_target_is_no_perfect_fit(sql, t):
    sql("CREATE VIEW v AS SELECT *, CASE WHEN g = 1 THEN 5 ELSE z END AS v FROM t")
    sql(call("x", "v", source="v", grouping_cols="g"))
    assert sql.warnings == ["the target is constant in 1 of 2 groups: it has no r2"]
