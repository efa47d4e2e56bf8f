"""glm as SQL: the kernel, groups without a model, predictions, errors, and what is reported."""

from pathlib import Path

import numpy as np
import pytest

from madpy.ports.postgres.scan.states import States

CHECK = Path(__file__).resolve().parents[2] / "modules" / "glm" / "check.sql"
COUNTS = """
    SELECT i % 3 AS a, sin(i * i) AS b, (2 + sin(i) + i % 3)::int AS y, i % 2 AS g, 'c' || i % 2 AS c,
           i % 4 AS w
    FROM generate_series(1, 200) AS i
"""


@pytest.fixture
def source(sql):
    sql(f"CREATE TABLE t AS {COUNTS}")


def test_the_self_test(sql):
    sql("BEGIN")
    rows = sql(CHECK.read_text().replace("MADLIB_SCHEMA", "madlib"))
    sql("ROLLBACK")
    assert rows[0][0] is True, rows


# --- the kernel ---


def outcome(sql, params, group="GROUP BY g"):
    state = f"SELECT madlib.glm_state(y, ARRAY[1, b, a], w, '{params}') AS s FROM t {group}"
    data = sql.value(f"SELECT madlib.__glm_outcome(madlib.glm_merge(s)) FROM ({state}) AS q")
    return States.parse(data, 1)


def test_the_outcome_of_a_state(sql, source):
    """Poisson with the log link; the last feature is an offset, rows of weight 0 are not there."""
    rows = np.array(sql("SELECT y, b, a, w FROM t WHERE w > 0"), dtype=float)
    y, b, a, w = rows.T
    found = outcome(sql, "{2,1,NaN,0.1, 0.5,0.3,0.2, 0,1,0, 0,0.5,Infinity}")
    z = np.column_stack([np.ones(len(y)), b - 0.5, 0 * b])
    mean = np.exp(0.1 + 0.5 + 0.3 * z[:, 1] + 0.2 * a)
    deviance = 2 * (w * (np.where(y > 0, y * np.log(np.maximum(y, 1) / mean), 0) - y + mean)).sum()
    hessian = (z * (w * mean)[:, None]).T @ z
    step = np.append(np.linalg.solve(hessian[:2, :2], (w * (y - mean)) @ z[:, :2]), 0)
    assert (found.rows_used[0], found.rows_skipped[0]) == (150, 50)
    body = found.body[0]
    pearson = (w * (y - mean) ** 2 / mean).sum()
    np.testing.assert_allclose(
        body[[0, 1, 2, 4]], [-deviance / 2, abs(z[:, 1]).max(), -1, pearson], rtol=1e-12
    )
    np.testing.assert_allclose(body[5:8], [0, (w * (y - mean)).sum(), (w * mean).sum()], rtol=1e-12)
    np.testing.assert_allclose(body[8:11], step, rtol=1e-11)
    np.testing.assert_allclose(body[11:], hessian[np.tril_indices(3)], rtol=1e-12)


def test_coefficients_that_give_a_row_no_mean(sql, source):
    """The identity link, where the predictor of a poisson is below zero in some row."""
    assert outcome(sql, "{2,0,NaN,0, 0.5,-1,0, 0,0,0, 0,0,0}").body[0, 0] == -np.inf


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ("{2,1,NaN,0,1}", "1 parameters are not three for each of 3 features"),
        ("{9,1,NaN,0, 0,0,0, 0,0,0, 0,0,0}", "there is no family with number 9"),
        ("{2,-1,NaN,0, 0,0,0, 0,0,0, 0,0,0}", "there is no link with number -1"),
        ("{NaN,1,NaN,0, 0,0,0, 0,0,0, 0,0,0}", "there is no family with number NaN"),
        (
            "{2,5,NaN,0, 0,0,0, 0,0,0, 0,0,0}",
            "there is no model of family poisson with link logit, mean NaN and constant 0",
        ),
        (
            "{1,5,NaN,0, 0,0,0, 0,0,0, 0,0,0}",
            "the target is 4 in some row, which the family binomial does not allow",
        ),
    ],
)
def test_parameters_that_fit_nothing(sql, params, message):
    sql("CREATE TABLE t AS SELECT 4 AS y, 1 AS b, 1 AS a, 1 AS w, 1 AS g")
    state = f"SELECT madlib.glm_state(y, ARRAY[1, b, a], w, '{params}') FROM t"
    assert sql.fails(state).message == message


# --- training ---


def test_a_row_of_weight_3_is_three_rows(sql, source, train):
    sql("CREATE TABLE e AS SELECT t.* FROM t, generate_series(1, w)")
    weighted = train("a, b", "gamma", target="y + 1", weights="w", order="g", grouping_cols="g")
    expanded = train("a, b", "gamma", target="y + 1", source="e", output="n", order="g", grouping_cols="g")
    for one, other in zip(weighted, expanded, strict=True):
        for name in ("coef", "std_err", "log_likelihood", "dispersion", "deviance", "df_residual"):
            assert one[name] == pytest.approx(other[name], rel=1e-11, nan_ok=True), name
    used = sql("SELECT count(*) FROM t WHERE w > 0 GROUP BY g ORDER BY g")
    assert [(model["num_rows_processed"],) for model in weighted] == used
    assert sql.value("SELECT num_rows_processed FROM m_summary") == sum(count for (count,) in used)


def test_text_features_and_aliases(sql, source, train):
    (model,) = train("a, 2 * a, c", "poisson")
    assert model["feature_names"] == ["(Intercept)", "a", "2 * a", "c=c1"]
    assert model["coef"][2] is None
    assert (
        sql.notices == ["WARNING:  a combination of earlier terms, and so not estimated: 2 * a"]
        or sql.notices
    )
    (alone,) = train("a, c", "poisson", output="n")
    assert [x for x in model["coef"] if x is not None] == pytest.approx(alone["coef"], rel=1e-12)


@pytest.mark.parametrize("memory", [0, 100000])
def test_groups_without_a_model(sql, source, train, memory):
    """All zeros, no usable row, and separated classes, beside a good one."""
    sql("INSERT INTO t SELECT a, b, 0, 10, c, w FROM t WHERE g = 0")
    sql("INSERT INTO t SELECT NULL, b, y, 11, c, w FROM t WHERE g = 0")
    sql(f"SET madpy.store_memory = {memory}")
    models = train("a, b", "poisson", order="g", grouping_cols="g")
    assert [m["status"] for m in models] == ["converged", "converged", "target at its limit", "no rows"]
    assert (models[2]["coef"], models[3]["coef"], models[3]["num_rows_processed"]) == (None, None, 0)
    models = train(
        "a, b", "binomial", link="probit", output="n", target="b > 0", order="g", grouping_cols="g"
    )
    assert {m["status"] for m in models[:3]} == {"separated"}
    assert models[0]["std_err"] is None


def test_no_maximum(sql, source, train):
    """A level whose counts are all zero."""
    (model,) = train("b, (a = 1)::int", "poisson", target="CASE WHEN a = 1 THEN 0 ELSE y END")
    assert model["status"] == "partly separated"
    (part,) = train("b", "poisson", target="CASE WHEN a = 1 THEN NULL ELSE y END", output="n")
    assert model["coef"][1] == pytest.approx(part["coef"][1], rel=1e-3)


def test_the_summary(sql, source, train):
    train("a, b", "gamma", target="y + 1", link="log", weights="w", offset="b / 10", tolerance=1e-5)
    (row,) = sql.rows("SELECT * FROM m_summary")
    assert (row["method"], row["family"], row["link"], row["num_converged"]) == ("glm", "gamma", "log", 1)
    assert row["options"] == {
        "family": "gamma",
        "link": "log",
        "weights": "w",
        "offset": "b / 10",
        "max_iter": 100,
        "tolerance": 1e-05,
    }
    (model,) = sql.rows("SELECT * FROM m")
    for name in ("deviance", "log_likelihood", "dispersion"):
        assert row[name] == model[name]


@pytest.mark.parametrize(
    ("family", "statistic", "other"), [("gamma", "t_stats", "z_stats"), ("poisson", "z_stats", "t_stats")]
)
def test_the_long_form(sql, source, train, family, statistic, other):
    """A row per group and term; a grouping column named as the other statistic is not taken for it."""
    sql(f"ALTER TABLE t ADD {other} float8[]")
    sql(f"UPDATE t SET {other} = ARRAY[g]")
    models = train("a, 2 * a, b", family, target="y + 1", grouping_cols=other, order=other)
    rows = sql.rows("SELECT * FROM madlib.glm_summary('m')")
    assert list(rows[0]) == ["groups", "term", "estimate", "std_error", "statistic", "p_value", "signif"]
    terms = ["(Intercept)", "a", "2 * a", "b"]
    assert [(row["groups"], row["term"]) for row in rows] == [
        ({other: [g]}, term) for g in (0, 1) for term in terms
    ]
    for name, array in (("estimate", "coef"), ("std_error", "std_err"), ("statistic", statistic)):
        assert [row[name] for row in rows] == [value for model in models for value in model[array]]
    assert [(row["p_value"], row["signif"]) for row in rows if row["term"] == "2 * a"] == [(None, "")] * 2
    assert rows[0]["p_value"] == models[0]["p_values"][0] < 0.001
    assert rows[0]["signif"] == "***"


def test_the_long_form_without_groups(sql, source, train):
    (model,) = train("b", "binomial", target="g")
    rows = sql("SELECT groups, term, p_value FROM madlib.glm_summary('m')")
    assert rows == [(None, name, p) for name, p in zip(["(Intercept)", "b"], model["p_values"], strict=True)]


def test_the_long_form_of_no_model(sql, source, train):
    train("b", "poisson")
    for missing in ("z_stats", "p_values", "feature_names"):
        sql(f"CREATE TABLE x AS SELECT * FROM m; ALTER TABLE x DROP {missing}")
        error = sql.refuses("SELECT madlib.glm_summary('x')")
        assert error.sqlstate == "42809"
        assert error.message == 'glm_summary: table "x" is not a model of glm_train'
        sql("DROP TABLE x")


# --- errors ---


@pytest.mark.parametrize(
    ("family", "target", "message", "hint"),
    [
        ("poisson", "y - 5", "the target is -4 in some row, which the family poisson does not allow",
         "Leave out rows with a negative target, or choose the family gaussian."),
        ("gamma", "y - 1", "the target is 0 in some row, which the family gamma does not allow",
         "Leave out rows whose target is not above zero, or choose the family poisson or gaussian."),
        ("inverse_gaussian", "-y",
         "the target is -5 in some row, which the family inverse_gaussian does not allow",
         "Leave out rows whose target is not above zero, or choose the family poisson or gaussian."),
        ("binomial", "y", "the target is 5 in some row, which the family binomial does not allow",
         "Give 0 and 1, a condition that is true or false, or a share with the number of trials as weights."),
    ],
)  # fmt: skip
def test_targets_that_a_family_does_not_have(source, refuses, family, target, message, hint):
    error = refuses("a, b", family, target=target)
    assert (error.sqlstate, error.message, error.hint) == ("22003", f"glm_train: {message}", hint)


@pytest.mark.parametrize(
    ("options", "sqlstate", "message"),
    [
        ({"family": "tweedie"}, "22023", 'family: unknown value "tweedie"'),
        ({"family": None}, "22004", "family must not be null"),
        ({"family": "poisson", "link": "logit"}, "22023", 'link: unknown value "logit"'),
        ({"family": "poisson", "weights": "w - 2"}, "22003", "a weight is -1 in some row"),
        (
            {"family": "poisson", "weights": "c"},
            "42804",
            'weights: "c" is of type text, a number or boolean is needed',
        ),
        ({"family": "poisson", "offset": "ln(a)"}, None, None),
        ({"family": "poisson", "max_iter": 0}, "22023", "max_iter must be at least 1, not 0"),
        (
            {"family": "poisson", "target": "c"},
            "42804",
            'target: "c" is of type text, a number or boolean is needed',
        ),
    ],
)
def test_refused(source, refuses, options, sqlstate, message):
    error = refuses("b", **options)
    if message is not None:
        assert (error.sqlstate, error.message) == (sqlstate, f"glm_train: {message}")


def test_an_offset_that_is_not_finite(source, refuses):
    error = refuses("b", "poisson", offset="CASE WHEN a = 1 THEN 'Infinity'::float8 ELSE a END")
    assert (error.sqlstate, error.message) == ("22003", "glm_train: the offset is infinite in some row")


# --- prediction ---


@pytest.mark.parametrize(
    ("family", "link", "mean"),
    [
        ("poisson", "log", np.exp),
        ("poisson", "sqrt", np.square),
        ("gaussian", "identity", lambda eta: eta),
        ("gaussian", "inverse", lambda eta: 1 / eta),
    ],
)
def test_prediction(sql, source, train, family, link, mean):
    """Predict a row, and a table with an offset: both as numpy does."""
    (model,) = train("a, b", family, target="y + 1", link=link, offset="b / 10")
    sql("INSERT INTO t VALUES (NULL, 1, 1, 1, 'c', 1)")
    made = sql("""SELECT * FROM madlib.glm_predict('m', 't', 'p', "offset" => 'b / 10')""")
    assert made[0][1:] == (201, 1)
    rows = sql(
        f"SELECT p.a, p.b, prediction, madlib.glm_predict(coef, ARRAY[1, a, b], '{link}', NULL, b / 10)"
        " FROM p, m WHERE a IS NOT NULL"
    )
    a, b, of_table, of_row = np.array(rows, dtype=float).T
    eta = np.column_stack([np.ones(len(a)), a, b]) @ model["coef"] + b / 10
    np.testing.assert_allclose(of_table, mean(eta), rtol=1e-13)
    np.testing.assert_allclose(of_row, mean(eta), rtol=1e-13)


def test_prediction_by_groups_and_levels(sql, source, train):
    train("b, c", "poisson", grouping_cols="a", order="a")
    sql("CREATE TABLE s AS SELECT * FROM t")
    sql("INSERT INTO s VALUES (7, 0, 0, 0, 'c0', 1), (1, 0, 0, 0, 'new', 1)")
    assert sql("SELECT * FROM madlib.glm_predict('m', 's', 'p')")[0][1:] == (202, 2)
    total, seen = sql("SELECT sum(prediction), sum(y) FILTER (WHERE prediction IS NOT NULL) FROM p")[0]
    assert total == pytest.approx(float(seen), rel=1e-10)  # a canonical link and a constant


def test_the_offset_is_given_again(sql, source, train):
    train("b", "poisson", offset="a")
    error = sql.refuses("SELECT madlib.glm_predict('m', 't', 'p')")
    assert error.message == "glm_predict: the model was trained with an offset"
    assert error.hint == "Give it again: \"offset\" => '...'."
    train("b", "poisson", output="n")
    error = sql.refuses("""SELECT madlib.glm_predict('n', 't', 'p', "offset" => 'a')""")
    assert error.message == "glm_predict: the model was trained without an offset"


@pytest.mark.parametrize(
    ("call", "wanted"),
    [
        ("'{1,2}'::float8[], '{1,3}', 'log'", np.exp(7)),
        ("'{1,2}'::float8[], '{1,3}', 'log', NULL, 1", np.exp(8)),
        ("'{1,2}'::float8[], '{1,NULL}', 'log'", None),
        ("'{1,2}'::float8[], '{1,3}', NULL", None),
        ("'{1,2}'::float8[], '{1,-3}', 'sqrt'", None),
        ("'{1,2}'::float8[], '{1,3000}', 'log'", None),
        ("'{1,NULL}'::float8[], '{1,3}', 'log'", None),
        ("'{1,NULL}'::float8[], '{1,3}', 'identity', '{{3,0}}'", 1),
        ("'{1,2}'::float8[], '{-1,0.5}', 'probit'", 0.5),
        ("'{1,2}'::float8[], '{-1,0.5}', 'cloglog'", 1 - np.exp(-1)),
        ("'{1,2}'::float8[], '{0,2}', 'sqr_inverse'", 0.5),
        ("'{1,2}'::float8[], '{0,200}', 'logit'", 1),
    ],
)
def test_prediction_of_a_row(sql, call, wanted):
    found = sql.value(f"SELECT madlib.glm_predict({call})")
    assert found == (None if wanted is None else pytest.approx(wanted, rel=1e-14))


def test_a_link_that_does_not_exist(sql):
    error = sql.fails("SELECT madlib.glm_predict('{1}'::float8[], '{1}', 'logg')")
    assert (error.sqlstate, error.message) == ("22023", 'unknown link "logg"')
