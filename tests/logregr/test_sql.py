"""logregr as SQL: targets, groups, feeds, predictions, and what is reported."""

from pathlib import Path

import numpy as np
import pytest

from madpy.ports.postgres.scan.states import States
from tests.logregr.conftest import call
from tests.logregr.plain import estimate

CHECK = Path(__file__).resolve().parents[2] / "modules" / "logregr" / "check.sql"
ODDS = """
    SELECT i % 3 AS a, sin(i * i) AS b, sin(i) + (i % 3) / 3.0 > 0.2 AS y, i % 2 AS g
    FROM generate_series(1, 200) AS i
"""


@pytest.fixture
def source(sql):
    sql(f"CREATE TABLE t AS {ODDS}")


def test_the_self_test(sql):
    sql("BEGIN")
    rows = sql(CHECK.read_text().replace("MADLIB_SCHEMA", "madlib"))
    sql("ROLLBACK")
    assert rows[0][0] is True, rows


@pytest.mark.parametrize(
    ("target", "classes", "kind"),
    [
        ("y::int", ["0", "1"], "integer"),
        ("1 + y::int", ["1", "2"], "integer"),
        ("y::int * 0.5", ["0", "0.5"], "numeric"),
        ("CASE WHEN y THEN 'yes' ELSE 'no' END", ["no", "yes"], "text"),
        ("CASE WHEN y THEN 'high' ELSE 'low' END::level", ["low", "high"], "level"),
        ("date '2020-01-01' + y::int", ["2020-01-01", "2020-01-02"], "date"),
    ],
)
def test_targets(sql, source, train, target, classes, kind):
    """Each is the same model as that of the boolean."""
    sql("CREATE TYPE level AS ENUM ('low', 'high')")
    (plain,) = train("a, b")
    assert sql("SELECT classes, positive_class, target_type FROM m_summary") == [
        (["false", "true"], "true", "boolean")
    ]
    (model,) = train("a, b", target=target, output="n")
    assert model == plain
    assert sql("SELECT classes, positive_class, target_type FROM n_summary") == [(classes, classes[1], kind)]


def test_a_target_that_is_0_or_1_at_first(sql, train):
    """The first thousand rows do not show its values."""
    value = "CASE WHEN i < 1500 THEN 0 ELSE i % 2 * 2 END"
    sql(f"CREATE TABLE t AS SELECT sin(i) AS a, {value} AS y FROM generate_series(1, 3000) AS i")
    train("a")
    assert sql.value("SELECT classes FROM m_summary") == ["0", "2"]


def test_false_is_the_only_negative_class_of_a_boolean(sql, train, refuses):
    sql("CREATE TABLE t AS SELECT i AS a, false AS y FROM generate_series(1, 9) i")
    error = refuses("a")
    assert (error.sqlstate, error.message) == ("22023", "logregr_train: the target has one class only: false")
    error = refuses("a", target="1")
    assert error.message == "logregr_train: the target has one class only: 1"
    error = refuses("a", target="'x'")
    assert error.message == "logregr_train: the target has one class only: x"


@pytest.mark.parametrize("memory", [0, 100000])
def test_groups(sql, source, train, memory):
    """Groups with NULL for a key, one class, no usable row, and separated classes, beside two good ones."""
    sql("INSERT INTO t SELECT a, b, true, 10 FROM t WHERE g = 0")
    sql("INSERT INTO t SELECT NULL, b, y, 11 FROM t WHERE g = 0")
    sql("INSERT INTO t SELECT a, b, b > 0, 12 FROM t WHERE g = 0")
    sql("INSERT INTO t SELECT a, b, y, NULL FROM t WHERE g = 1")
    sql(f"SET madpy.store_memory = {memory}")
    models = train("a, b", grouping_cols="g", order="g")
    assert [m["status"] for m in models] == [
        *("converged", "converged", "one class", "no rows", "separated", "converged")
    ]
    assert [m["num_rows_processed"] for m in models] == [100, 100, 100, 0, 100, 100]
    assert [m["num_missing_rows_skipped"] for m in models] == [0, 0, 0, 100, 0, 0]
    assert (models[2]["coef"], models[3]["coef"]) == (None, None)
    assert models[4]["std_err"] is None
    assert models[5]["coef"] == pytest.approx(models[1]["coef"], rel=1e-12)
    for group in (0, 1):
        sql(f"CREATE TABLE s{group} AS SELECT * FROM t WHERE g = {group}")
        (alone,) = train("a, b", source=f"s{group}", output=f"m{group}")
        for name in ("coef", "std_err", "deviance"):
            assert models[group][name] == pytest.approx(alone[name], rel=1e-12), name
    assert sql("SELECT num_groups, num_converged, log_likelihood FROM m_summary") == [(6, 3, None)]
    predicted = sql("SELECT * FROM madlib.logregr_predict('m', 't', 'p')")
    assert predicted[0][1:] == (600, 200)


def test_both_feeds(sql, train):
    """Groups of many sizes, one after the other and mixed."""
    sql(
        "CREATE TABLE t AS"
        " SELECT sin(i * g) AS a, cos(i * i + g) AS b, sin(i * 7 + g) > sin(i * g) * 0.4 AS y, g"
        " FROM generate_series(1, 12) AS g, LATERAL generate_series(1, g * 40) AS i ORDER BY sin(i * 77)"
    )
    stored = train("a, b", grouping_cols="g", order="g")
    sql("SET madpy.store_memory = 0")
    streamed = train("a, b", grouping_cols="g", order="g", output="n")
    for one, other in zip(stored, streamed, strict=True):
        assert one["coef"] == pytest.approx(other["coef"], rel=1e-12)
        assert one["std_err"] == pytest.approx(other["std_err"], rel=1e-12)


def test_states_merge(sql, source):
    """A state of parts is the state of the whole; the kernel's order of parameters is coef, step, shift."""
    state = "madlib.logregr_state(y::int, ARRAY[1, a, b], '{0.1,0.2,0.3,0,0,1,0,0,0.5}')"
    whole, merged = (
        np.frombuffer(sql.value(query)[-8 * 32 :])
        for query in (
            f"SELECT {state} FROM t",
            f"SELECT madlib.logregr_merge(s) FROM (SELECT {state} AS s FROM t GROUP BY g) AS q",
        )
    )
    np.testing.assert_allclose(
        merged[9:-3].reshape(-1, 2).sum(axis=1), whole[9:-3].reshape(-1, 2).sum(axis=1), rtol=1e-13
    )
    np.testing.assert_allclose(merged[-3:], whole[-3:])


def test_the_outcome_of_a_state(sql, source):
    """Newton's step, 0 for a feature that is left out, one of zeros, and a combination of others."""
    X = np.array([(1, a, a**2, b, 0, 2 * a) for a, b in sql("SELECT a, b FROM t")], dtype=float)
    y = np.array(sql("SELECT y::int FROM t"), dtype=float)[:, 0]
    x = "ARRAY[1, a, a * a, b, 0, 2 * a]"
    params = "{0.1,0.2,0.3,0.4,5,0, 0,1,0,0,0,0, 0,0,NaN,0.5,0,0}"
    state = f"SELECT madlib.logregr_state(y::int, {x}, '{params}') AS s FROM t GROUP BY g"
    data = sql.value(f"SELECT madlib.__logregr_outcome(madlib.logregr_merge(s)) FROM ({state}) AS q")
    found = States.parse(data, 1)
    z = (X - [0, 0, 0, 0.5, 0, 0]) * [1, 1, 0, 1, 1, 1]
    p = 1 / (1 + np.exp(-(z @ [0.1, 0.2, 0.3, 0.4, 5, 0])))
    hessian = z.T @ (z * (p * (1 - p))[:, None])
    step = np.zeros(6)
    some = [0, 1, 3]
    step[some] = np.linalg.solve(hessian[np.ix_(some, some)], ((y - p) @ z)[some])
    likelihood = np.log(np.where(y == 1, p, 1 - p)).sum()
    margin = np.where(y == 1, 1, -1) * np.log(p / (1 - p))
    np.testing.assert_allclose(found.body[0, :3], [likelihood, 2, margin.min()], rtol=1e-12)
    assert found.body[0, 3] == 0  # the pivot of the combination
    np.testing.assert_allclose(found.body[0, 4:10], step, rtol=1e-10)
    np.testing.assert_allclose(found.body[0, 10:], hessian[np.tril_indices(6)], rtol=1e-12)


def test_the_hessian_in_a_basis(sql, source):
    X = np.array([(1, a, b) for a, b in sql("SELECT a, b FROM t")], dtype=float)
    params = [0.1, 0.2, 0.3, 0, 0, 0, 0, 0.5, 0]
    basis = [2.0, -1, 0.5, 0.25, -3, 4]
    state = "SELECT madlib.logregr_state(y::int, ARRAY[1, a, b], '{params}') AS s FROM t GROUP BY g"
    merged = "SELECT madlib.__logregr_outcome(madlib.logregr_merge(s)) FROM ({state}) AS q"

    def outcome(numbers):
        params = "{" + ", ".join(map(str, numbers)) + "}"
        return States.parse(sql.value(merged.format(state=state.format(params=params))), 1).body[0]

    plain, turned = outcome(params), outcome(params + basis)
    z = X - [0, 0.5, 0]
    p = 1 / (1 + np.exp(-(z @ [0.1, 0.2, 0.3])))
    matrix = np.zeros((3, 3))
    matrix[np.tril_indices(3)] = basis
    hessian = matrix @ (z.T @ (z * (p * (1 - p))[:, None])) @ matrix.T
    np.testing.assert_allclose(turned[7:], hessian[np.tril_indices(3)], rtol=1e-12)
    np.testing.assert_array_equal(turned[:3], plain[:3])
    scale = 1 / np.sqrt(np.diag(hessian))
    pivots = np.diag(np.linalg.cholesky(hessian * np.outer(scale, scale))) ** 2
    np.testing.assert_allclose(turned[3], pivots.min(), rtol=1e-10)


@pytest.mark.parametrize("k", [1, 2, 7])
def test_estimates(sql, k):
    """Some groups have features that are left out, no constant, no coefficient at all, or no Hessian."""
    rng = np.random.default_rng(k)
    X = rng.normal(1, 1, (9, 3 * k, k)) * np.exp(rng.normal(0, 3, k))
    hessian = (X.swapaxes(1, 2) @ X)[:, *np.tril_indices(k)]
    first, (coef, shift) = np.exp(rng.normal(size=(9, 1))), rng.normal(size=(2, 9, k))
    root = np.linalg.inv(np.linalg.cholesky(X.swapaxes(1, 2) @ X))[:, *np.tril_indices(k)]
    root[np.arange(9) % 2 == 0] = np.nan
    fits = np.concatenate([first, *np.broadcast_arrays(coef, shift), hessian, root], axis=1)
    fits[:2, 0] = 0
    fits[2:4, 2 * k] = np.nan
    fits[3, -k:] = 0  # what is left out has no part in the root
    fits[4, 1 + k : 1 + 2 * k] = np.nan
    fits[5, 1 + 2 * k :] = np.nan
    found = np.array([estimated(sql, fits.ravel(), n * fits.shape[1], k) for n in range(9)])
    plain = np.array([estimate(fit, k) for fit in fits])
    np.testing.assert_allclose(found[:, 0], plain[:, 0], rtol=1e-6)  # plain is of squares
    np.testing.assert_allclose(found[:, 1:], plain[:, 1:], rtol=1e-8, atol=1e-300)


def estimated(sql, numbers, first, k):
    data = numbers.tobytes().hex()
    return np.frombuffer(sql.value(f"SELECT madlib.__logregr_estimate('\\x{data}', {first}, {k})"))


def test_estimates_of_a_hessian_without_an_inverse(sql):
    """A term that the Hessian does not distinguish from the terms before it has no standard error."""
    found = estimated(sql, np.array([0, 1, 2, 3, 0, 0, 0, 4, 2, 5, 4, 2, 4, *[np.nan] * 6]), 0, 3)
    assert found[0] == np.inf
    assert found[1:4].tolist() == [1, 2, 3]
    np.testing.assert_allclose(found[4:7], [np.sqrt(5 / 16), 0.5, np.nan])


@pytest.mark.parametrize("arguments", ["'', 0, 1", "'\\x00', 0, 0", "'', -4, 1", "'', 0, 2001", "'', 0, -1"])
def test_a_fit_that_is_not_there(sql, arguments):
    error = sql.fails(f"SELECT madlib.__logregr_estimate({arguments})")
    assert (error.sqlstate, error.message[:15]) == ("22023", "there is no fit")


def test_text_features_and_predictions(sql, train):
    level = "CASE a WHEN 0 THEN 'x' WHEN 1 THEN 'y' ELSE 'z' END"
    sql(f"CREATE TABLE t AS SELECT *, {level} AS c, 'no' || y AS said FROM ({ODDS}) AS q")
    (model,) = train("c, b", target="said")
    assert model["feature_names"] == ["(Intercept)", "c=y", "c=z", "b"]
    assert sql("SELECT * FROM madlib.logregr_predict('m', 't', 'p')")[0][1:] == (200, 0)
    row = "ARRAY[1, (c = 'y')::int, (c = 'z')::int, p.b]"
    assert sql.value(
        "SELECT count(*) FROM p, m"
        f" WHERE prediction = CASE WHEN madlib.logregr_predict(coef, {row}) THEN 'notrue' ELSE 'nofalse' END"
        f" AND probability = madlib.logregr_predict_prob(coef, {row})"
        " AND (probability > 0.5) = (prediction = 'notrue')"
    ) == 200  # fmt: skip
    sql("CREATE TABLE u AS SELECT 'new' AS c, 1 AS b UNION ALL SELECT NULL, 1 UNION ALL SELECT 'x', NULL")
    assert sql("SELECT * FROM madlib.logregr_predict('m', 'u', 'q')")[0][1:] == (3, 3)


@pytest.mark.parametrize(
    ("target", "kind"), [("y", "boolean"), ("y::int::smallint", "smallint"), ("y::text", "text")]
)
def test_predictions_are_of_the_targets_type(sql, source, train, target, kind):
    train("a, b", target=target)
    sql("SELECT madlib.logregr_predict('m', 't', 'p')")
    assert sql.value("SELECT pg_typeof(prediction)::text FROM p LIMIT 1") == kind
    assert sql.value("SELECT pg_typeof(probability)::text FROM p LIMIT 1") == "double precision"


def test_predict_of_one_row(sql):
    assert sql.value("SELECT madlib.logregr_predict('{1,2}', '{1,-1}')") is False
    assert sql.value("SELECT madlib.logregr_predict('{NULL,2}', '{0,1}')") is True
    assert sql.value("SELECT madlib.logregr_predict('{NULL,2}', '{1,1}')") is None
    assert sql.value("SELECT madlib.logregr_predict_prob('{NULL,2}', '{1,1}')") is None
    assert sql.value("SELECT madlib.logregr_predict_prob('{0}', '{1}')") == 0.5
    assert sql.value("SELECT madlib.logregr_predict_prob('{1000}', '{1}')") == 1
    assert sql.value("SELECT madlib.logregr_predict_prob('{-1000}', '{1}')") == 0
    assert sql.value("SELECT madlib.logregr_predict_prob('{1}', '{NULL}')") is None
    assert sql.value("SELECT madlib.logregr_predict_prob(NULL, '{1}')") is None
    assert (
        sql.value("SELECT pg_typeof(madlib.logregr_predict_prob('{1}', '{1}'))::text") == "madlib.probability"
    )
    error = sql.fails("SELECT madlib.logregr_predict('{1,2}', '{1}')")
    assert (error.sqlstate, error.message) == ("2202E", "1 features do not fit 2 coefficients")


def test_summary(sql, source, train):
    (model,) = train("a, b")
    rows = sql.rows("SELECT * FROM madlib.logregr_summary('m')")
    assert [row["term"] for row in rows] == ["(Intercept)", "a", "b"]
    assert [row["estimate"] for row in rows] == model["coef"]
    assert [row["odds_ratio"] for row in rows] == model["odds_ratios"]
    assert rows[0]["groups"] is None
    train("b", grouping_cols="g", output="n")
    assert [row["groups"] for row in sql.rows("SELECT * FROM madlib.logregr_summary('n')")] == [
        *({"g": 0}, {"g": 0}, {"g": 1}, {"g": 1})
    ]


def test_collinear_features(sql, source, train):
    (model,) = train("a, 2 * a + 1, b")
    assert sql.warnings == ["a combination of earlier terms, and so not estimated: 2 * a + 1"]
    (plain,) = train("a, b", output="n")
    assert model["coef"][2] is None
    assert [model["coef"][i] for i in (0, 1, 3)] == pytest.approx(plain["coef"], rel=1e-10)
    assert model["aic"] == pytest.approx(plain["aic"], rel=1e-12)
    assert sql("SELECT * FROM madlib.logregr_predict('m', 't', 'p', 'a, 2 * a + 1, b')")[0][1:] == (200, 0)


def test_separated_classes(sql, source, train):
    (model,) = train("a, b", target="b > 0.1")
    assert model["status"] == "separated"
    assert "separate the classes perfectly: there is no maximum" in sql.warnings[0]
    sql("SELECT madlib.logregr_predict('m', 't', 'p')")
    assert sql.value("SELECT count(*) FROM p WHERE prediction <> (b > 0.1)") == 0


def test_separated_in_part(sql, source, train):
    (model,) = train("b, a = 2 AND y")
    assert (model["status"], model["converged"]) == ("partly separated", False)
    assert "separate some rows of one class" in sql.warnings[0]


def test_no_convergence(sql, source, train):
    (model,) = train("a, b", max_iter=1)
    assert (model["status"], model["converged"], model["num_iterations"]) == ("not converged", False, 1)
    assert sql.warnings == ["no convergence in 1 iterations: raise max_iter"]


def test_verbose_and_quiet(sql, source):
    sql(call("a, b"))
    assert sql.notices == []
    sql(call("a, b", output="n", verbose=True))
    said = [notice.message for notice in sql.notices]
    assert said[0] == "logregr_train: the odds of 'true' in y on (Intercept), a, b"
    assert said[-1] == "logregr_train: converged: 1 group(s)"


def test_missing_rows(sql, source, train):
    sql("INSERT INTO t VALUES (NULL, 1, true, 1), (1, NULL, true, 1), (1, 1, NULL, 1)")
    (model,) = train("a, b")
    assert (model["num_rows_processed"], model["num_missing_rows_skipped"]) == (200, 3)


def test_quoted_names(sql, source, train):
    sql('CREATE TABLE "T x" AS SELECT a AS "A ""b", y AS "coef y", g AS "state of" FROM t')
    models = train('"A ""b"', target='"coef y"', source='"T x"', output='"M x"', grouping_cols='"state of"')
    assert [model["feature_names"] for model in models] == [["(Intercept)", 'A "b']] * 2
    assert sql("""SELECT * FROM madlib.logregr_predict('"M x"', '"T x"', '"P x"')""")[0][1:] == (200, 0)


def test_an_array_column(sql, source, train):
    sql("CREATE TABLE v AS SELECT y, ARRAY[1, a, b] AS x FROM t")
    (model,) = train("x", source="v")
    (plain,) = train("ARRAY[1, a, b]", output="n")
    assert model["feature_names"] == ["x[1]", "x[2]", "x[3]"]
    assert model["coef"] == plain["coef"]


def test_madlibs_positions(sql, source):
    sql("SELECT madlib.logregr_train('t', 'm', 'y', 'ARRAY[1, a, b]', 'g', 30, 'irls', 0.0001, false)")
    assert sql.value("SELECT count(*) FROM m") == 2


@pytest.mark.parametrize("memory", [0, 100000])
def test_numbers_keep_their_digits_as_labels_and_as_groups(sql, train, memory):
    """0.1 + 0.2 is 0.30000000000000004, whatever the session shows of it."""
    pair = "(ARRAY[0.1::float8 + 0.2, 0.5])"
    sql(f"CREATE TABLE t AS SELECT a, b, {pair}[1 + y::int] AS y, {pair}[1 + g] AS g FROM ({ODDS}) AS odds")
    sql(f"SET extra_float_digits = -3; SET madpy.store_memory = {memory}")
    rows = train("a, b", grouping_cols="g", order="g")
    assert [row["num_rows_processed"] for row in rows] == [100, 100]
    assert [row["status"] for row in rows] == ["converged", "converged"]
    assert sql("SELECT count(*) FROM m JOIN (SELECT DISTINCT g FROM t) AS t USING (g)") == [(2,)]
