"""Frequency weights: a row of weight 3 is three rows, a row of weight 0 is none."""

import numpy as np
import pytest
import statsmodels.api as sm

FIGURES = (
    *("coef", "std_err", "z_stats", "p_values", "odds_ratios", "condition_no", "variance_covariance"),
    *("log_likelihood", "null_deviance", "deviance", "aic", "status", "feature_names"),
)


@pytest.fixture
def weighted(sql, load):
    """weighted(seed): t with weights w from 0 to 4, e with as many rows for each."""

    def fill(seed, rows=150):
        rng = np.random.default_rng(seed)
        a, b = rng.normal(size=(2, rows)) * [[1], [100]] + [[0], [1e4 * seed]]
        y = rng.random(rows) < 1 / (1 + np.exp(-a + (b - b.mean()) / 100))
        columns = {"a": a, "b": b, "y": y, "w": rng.integers(0, 5, rows), "g": rng.integers(0, 3, rows)}
        load(**{name: values.tolist() for name, values in columns.items()})
        sql("CREATE TABLE e AS SELECT t.*, 'c' || g AS c FROM t, generate_series(1, w)")
        sql("ALTER TABLE t ADD c text; UPDATE t SET c = 'c' || g")

    return fill


def same(one, other, rel=1e-10):
    for name in FIGURES:
        if name in ("status", "feature_names"):
            assert one[name] == other[name]
        else:  # NULL as NaN
            found, wanted = (np.array(model[name], dtype=float) for model in (one, other))
            np.testing.assert_allclose(found, wanted, rtol=rel, err_msg=name)


@pytest.mark.parametrize("memory", [0, 1000])
@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(
    ("features", "groups"), [("a, b", None), ("a, b", "g"), ("a, c", None), ("a, c", "g")]
)
def test_as_the_expanded_table(sql, weighted, train, seed, memory, features, groups):
    weighted(seed)
    sql(f"SET madpy.store_memory = {memory}")
    order = groups or "1"
    models = train(features, weights="w", grouping_cols=groups, order=order)
    expanded = train(features, source="e", output="n", grouping_cols=groups, order=order)
    for one, other in zip(models, expanded, strict=True):
        same(one, other)
    assert sum(m["num_missing_rows_skipped"] for m in models) == sql.value(
        "SELECT count(*) FROM t WHERE w = 0"
    )
    used = sql.value("SELECT count(*) FROM t WHERE w > 0")  # rows of the table, not their weights
    assert sum(m["num_rows_processed"] for m in models) == used
    assert sql.value("SELECT num_rows_processed FROM m_summary") == used


def test_weights_of_one_change_nothing(weighted, train):
    weighted(9)
    (plain,) = train("a, b")
    (model,) = train("a, b", weights="1", output="n")
    same(model, plain, rel=1e-12)


def test_fractional_weights(sql, weighted, train):
    """They scale the likelihood, as in statsmodels."""
    weighted(5)
    (model,) = train("a, b", weights="w / 8.0")
    y, a, b, w = np.array(sql("SELECT y::int, a, b, w / 8.0 FROM t WHERE w > 0"), dtype=float).T
    X = sm.add_constant(np.column_stack([a, b - b.mean()]))
    fit = sm.GLM(y, X, sm.families.Binomial(), freq_weights=w).fit(tol=1e-14, tol_criterion="params")
    np.testing.assert_allclose(model["coef"][1:], fit.params[1:], rtol=1e-10)
    np.testing.assert_allclose(model["std_err"][1:], fit.bse[1:], rtol=1e-8)
    assert model["log_likelihood"] == pytest.approx(fit.llf, rel=1e-12)
    assert model["num_rows_processed"] == len(w)


@pytest.mark.parametrize("memory", [0, 1000])
def test_rows_that_do_not_count(sql, weighted, train, memory):
    """NULL and 0 are skipped and counted; a class or a level that only such rows have is not there."""
    weighted(6)
    sql(f"SET madpy.store_memory = {memory}")
    (model,) = train("a, c", weights="nullif(w, 1)")
    sql("INSERT INTO t SELECT a, b, y, 0, g, 'a new level' FROM t LIMIT 5")
    (more,) = train("a, c", weights="nullif(w, 1)", output="n")
    same(more, model, rel=1e-12)
    assert more["num_missing_rows_skipped"] == model["num_missing_rows_skipped"] + 5
    counted = sql.value("SELECT count(*) FROM t WHERE w IN (0, 1)")
    assert more["num_missing_rows_skipped"] == counted


@pytest.mark.parametrize("weight", ["0", "NULL"])
@pytest.mark.parametrize("sql_type", ["text", "int", "float8"])
def test_classes_of_rows_that_do_not_count(sql, weighted, train, sql_type, weight):
    """A third class is none where no row of it has a weight above 0."""
    weighted(6)
    names = {"text": "yes no z", "int": "1 0 2", "float8": "2.5 0.5 1.5"}[sql_type].split()
    yes, no, other = (f"'{name}'::{sql_type}" for name in names)
    sql(f"ALTER TABLE t ADD k {sql_type}; UPDATE t SET k = CASE WHEN y THEN {yes} ELSE {no} END")
    (model,) = train("a", target="k", weights="w")
    sql(f"INSERT INTO t SELECT a, b, y, {weight}, g, c, {other} FROM t LIMIT 5")
    (more,) = train("a", target="k", weights="w", output="n")
    same(more, model, rel=1e-12)
    assert sql("SELECT classes FROM m_summary") == sql("SELECT classes FROM n_summary")


def test_separation_and_one_class(sql, weighted, train, refuses):
    weighted(7)
    (model,) = train("a", target="a > 0", weights="w")
    assert model["status"] == "separated"
    error = refuses("a", weights="CASE WHEN y THEN 1 ELSE 0 END", output="n")
    assert error.message == "logregr_train: the target has one class only: true"


@pytest.mark.parametrize(
    ("weights", "sqlstate", "message"),
    [
        ("w - 1", "22003", "a weight is -1 in some row"),
        ("'NaN'::float8", "22003", "a weight is NaN in some row"),
        ("c", "42804", 'weights: "c" is of type text, a number or boolean is needed'),
        ("0", "22023", None),
        ("nothing", "42703", None),
    ],
)
def test_refused(weighted, refuses, weights, sqlstate, message):
    weighted(8)
    error = refuses("a", weights=weights)
    assert error.sqlstate == sqlstate
    if message:
        assert error.message == f"logregr_train: {message}"
