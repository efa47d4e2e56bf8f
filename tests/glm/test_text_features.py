"""Text features beside weights, an offset and groups, by both feeds.

Expected coefficients, standard errors and deviances are those of statsmodels over columns of 0 and 1.
"""

import numpy as np
import pytest
import statsmodels.api as sm

from tests.call import literal

FEEDS = ["256MB", "0"]  # madpy.store_memory: a store keeps codes, streaming reads indicators
LEVELS = "abcd"
TRAIN = """SELECT * FROM madlib.glm_train('t', 'm', 'y', 'x, k, l, twin', 'poisson', grouping_cols => 'g',
    weights => 'w', "offset" => 'o')"""


@pytest.fixture
def rows(sql):
    """Rows that are used; `t` has others too: NULLs, and a level "z" whose rows have weight 0."""
    sql("CREATE TABLE t (g int, x float8, k text, l text, twin text, y int, w float8, o float8)")
    random = np.random.default_rng(3)
    rows = []
    for n in range(300):
        k, size, x, o = LEVELS[n // 2 % 4], "uvw"[n // 8 % 3], random.normal(), float(n % 5) / 10
        y = int(random.poisson(np.exp(o + 0.3 * x + 0.2 * LEVELS.index(k) + 0.1 * (size == "u"))))
        rows.append((n % 2, float(x), k, size, "0" if k < "c" else "1", y, (1 + n % 3) / 3, o))
    sql.connection.inserttable("t", rows)
    sql("INSERT INTO t VALUES (0, 1, NULL, 'u', '0', 1, 1, 0), (0, 1, 'e', 'u', '0', 1, 1, NULL),"
        " (1, NULL, 'e', 'u', '0', 1, 1, 0), (1, 1, 'z', 'u', '0', 1, 0, 0)")  # fmt: skip
    return rows


@pytest.mark.parametrize("feed", FEEDS)
def test_weights_offset_and_an_aliased_level(sql, rows, feed):
    """The text `twin` is 1 where `k` is c or d, and so has no coefficient of its own."""
    sql(f"SET madpy.store_memory = '{feed}'")
    (made,) = sql.rows(TRAIN)
    assert made["num_missing_rows_skipped"] == 4
    names = ["(Intercept)", "x", "k=b", "k=c", "k=d", "l=v", "l=w", "twin=1"]
    assert made["feature_names"] == names
    for g, coef, errors, deviance in sql("SELECT g, coef, std_err, deviance FROM m ORDER BY g"):
        own = [row for row in rows if row[0] == g]
        columns = [
            [1, row[1], *(row[2] == k for k in "bcd"), *(row[3] == size for size in "vw")] for row in own
        ]
        y, w, o = (np.array([row[place] for row in own]) for place in (5, 6, 7))
        model = sm.GLM(y, np.array(columns, float), sm.families.Poisson(), offset=o, var_weights=w)
        fit = model.fit(tol=1e-13)
        assert (coef[-1], errors[-1]) == (None, None)
        assert coef[:-1] == pytest.approx(fit.params, rel=1e-8)
        assert errors[:-1] == pytest.approx(fit.bse, rel=1e-7)
        assert deviance == pytest.approx(fit.deviance, rel=1e-10)


@pytest.mark.parametrize("feed", FEEDS)
def test_an_offset_that_is_not_finite(sql, rows, feed):
    sql(f"SET madpy.store_memory = '{feed}'")
    sql("UPDATE t SET o = 'NaN' WHERE k = 'd'")
    assert sql.refuses(TRAIN).message == "glm_train: the offset is NaN in some row"


@pytest.mark.parametrize("family", ["gamma", "gaussian"])
@pytest.mark.parametrize("weights", ["'w'", "NULL"])
def test_texts_and_columns_of_their_levels(sql, rows, family, weights):
    sql("CREATE VIEW v AS SELECT x, y + 1 AS y, w, k, l FROM t WHERE k < 'e' AND w > 0")
    columns = "(k = 'b')::int, (k = 'c')::int, (k = 'd')::int, x, (l = 'v')::int, (l = 'w')::int"
    fits = []
    for output, features in (("texts", "k, x, l"), ("columns", columns)):
        call = "SELECT madlib.glm_train('v', '{}', 'y', {}, '{}', 'log', weights => {})"
        sql(call.format(output, literal(features), family, weights))
        fits += sql(f"SELECT coef, std_err FROM {output}")
    for by_code, by_column in zip(*fits, strict=True):
        assert by_code == pytest.approx(by_column, rel=1e-9)


@pytest.mark.parametrize("heavy", ["a", "b"])
@pytest.mark.parametrize("method", ["logregr", "glm"])
def test_a_level_with_nearly_all_the_weight(sql, rows, method, heavy):
    """By both feeds, as differences of sums by level would leave variances few digits."""
    sql(
        f"CREATE VIEW v AS SELECT x, y > 1 AS yes, k, l, CASE k WHEN '{heavy}' THEN 1e9 ELSE 1 END AS w"
        " FROM t WHERE k < 'e'"
    )
    family = ", family => 'binomial'" if method == "glm" else ""
    fits = []
    for number, feed in enumerate(FEEDS):
        sql(f"SET madpy.store_memory = '{feed}'")
        sql(f"SELECT madlib.{method}_train('v', 'm{number}', 'yes::int', 'k, x, l'{family}, weights => 'w')")
        fits += sql(f"SELECT coef, std_err FROM m{number}")
    for by_code, by_column in zip(*fits, strict=True):
        assert by_code == pytest.approx(by_column, rel=1e-9)
