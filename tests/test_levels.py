"""Levels of text in linear models: those of the rows that are used, in each group as if it were alone.

Expected values are those of statsmodels, fitted to the rows of one group with the levels that it has.
"""

import numpy as np
import pytest
import statsmodels.api as sm

from tests.call import named
from tests.drivers.drivers import DRIVERS, LINEAR, ROW_PER_GROUP, USES

# Trainings of coefficients, by the prefix of their functions.
METHODS = {
    trained.removesuffix("_train"): DRIVERS[trained]
    for used, (trained, _) in USES.items()
    if used.endswith("_predict") and trained in LINEAR & ROW_PER_GROUP
}
GROUPS = ["A", "B", "C", None]
LEVELS = {"A": ["x", "y"], "B": ["y", "z"], "C": ["z"], None: ["x", "y", "z"]}
SIZES = {"A": ["small", "large"], "B": ["medium", "small"], "C": ["large", "medium"], None: ["medium"]}
KINDS = {"plain": ("text", "size"), "domains": ("word", "extent"), "short": ("char(3)", "size")}


def train_call(method, source="t", output="m", **arguments):
    return METHODS[method].call(source, output, **arguments)


def is_binary(method):
    return METHODS[method].target == "yes"


def score_of(method):
    """The column of a prediction that is a number."""
    return "probability" if is_binary(method) else "prediction"


@pytest.fixture(params=KINDS)
def data(sql, request):
    """Rows that are used, as they are in `t`; more have a NULL, and levels that no other row has."""
    text, enum = KINDS[request.param]
    sql("CREATE TYPE size AS ENUM ('tiny', 'small', 'medium', 'large')")
    sql("CREATE DOMAIN word AS varchar; CREATE DOMAIN extent AS size")
    sql(f"CREATE TABLE t (id int, g text, f {text}, s {enum}, x float8, y float8, yes boolean, w float8)")
    random = np.random.default_rng(7)
    rows = []
    for n in range(400):
        g = GROUPS[n % 4]
        f, s = LEVELS[g][n // 4 % len(LEVELS[g])], SIZES[g][n // 12 % len(SIZES[g])]
        x = float(random.normal())
        y = x + "xyz".index(f) + 0.5 * len(s) + float(random.normal())
        rows.append((n, g, f, s, x, y, bool(random.random() < 1 / (1 + np.exp(2 - y / 2))), n % 5 + 0.5))
    sql.connection.inserttable("t", rows)
    sql("INSERT INTO t VALUES (-1, 'A', 'a', 'tiny', NULL, 1, true, 1),"
        " (-2, 'B', 'a', 'tiny', 1, NULL, NULL, 1),"
        " (-3, 'C', NULL, 'large', 1, 1, true, 1), (-4, 'A', 'x', NULL, 1, 1, true, 1)")  # fmt: skip
    # one row of each group with each value of the text and the enum, to be predicted
    sql(
        "CREATE TABLE u AS SELECT row_number() OVER () AS id, g, f, s, 0.25::float8 AS x"
        " FROM (SELECT DISTINCT g FROM t) AS g, unnest('{a,x,y,z,zz}'::text[]) AS f,"
        " unnest(enum_range(NULL::size)) AS s"
    )
    return rows


def design(g, f, s, x):
    """The columns of one group's own design, None for a row with a level that it does not have."""
    sizes = sorted(SIZES[g], key=["small", "medium", "large"].index)
    if f not in LEVELS[g] or s not in sizes:
        return None
    return [1, x, *(float(f == level) for level in LEVELS[g][1:]), *(float(s == size) for size in sizes[1:])]


def fitted(method, rows, g, weighted):
    own = [row for row in rows if row[1] == g]
    X = np.array([design(*row[1:5]) for row in own])
    y = np.array([row[6 if is_binary(method) else 5] for row in own], dtype=float)
    if is_binary(method) and weighted:
        return sm.GLM(y, X, sm.families.Binomial(), var_weights=[row[7] for row in own]).fit(tol=1e-14)
    if is_binary(method):
        return sm.Logit(y, X).fit(disp=False, tol=1e-12, method="newton")
    return sm.WLS(y, X, np.array([row[7] for row in own]) if weighted else 1.0).fit()


@pytest.mark.parametrize("feed", ["256MB", "0"])
@pytest.mark.parametrize(
    ("method", "options"),
    [
        *((method, {}) for method in METHODS),
        ("regr", {"weights": "w"}),
        ("regr", {"robust": "true"}),
        ("logregr", {"weights": "w"}),
    ],
)
def test_groups_are_fits_of_their_own(sql, data, method, options, feed):
    score = score_of(method)
    sql(f"SET madpy.store_memory = '{feed}'")
    (made,) = sql.rows(train_call(method, features="x, f, s", grouping_cols="g", **options))
    assert made["num_missing_rows_skipped"] == 4
    assert made["num_rows_processed"] == 400 or (is_binary(method) and "weights" in options)
    assert made["feature_names"] == ["(Intercept)", "x", "f=y", "f=z", "s=medium", "s=large"]
    (predicted,) = sql.rows(f"SELECT * FROM madlib.{method}_predict('m', 'u', 'p')")
    wanted = 0
    for g, coef, errors in sql("SELECT g, coef, std_err FROM m"):
        fit = fitted(method, data, g, "weights" in options)
        if options.get("robust"):
            fit = fit.get_robustcov_results("HC1")
        names = ["(Intercept)", "x", *(f"f={f}" for f in LEVELS[g][1:])]
        names += [f"s={s}" for s in ("small", "medium", "large") if s in SIZES[g]][1:]
        have = dict(zip(made["feature_names"], zip(coef, errors, strict=True), strict=True))
        assert [name for name, (b, _) in have.items() if b is not None] == names
        assert [have[name][0] for name in names] == pytest.approx(fit.params, rel=1e-8)
        assert [have[name][1] for name in names] == pytest.approx(fit.bse, rel=1e-6)
        for f, s, found in sql(f"SELECT f, s, {score} FROM p WHERE g IS NOT DISTINCT FROM {quoted(g)}"):
            row = design(g, f, s, 0.25)
            if row is None:
                assert found is None, (g, f, s)
                wanted += 1
            else:
                assert found == pytest.approx(fit.predict([row])[0], rel=1e-8), (g, f, s)
    assert predicted["num_null_predictions"] == wanted
    known = sql.value("SELECT count(*) FROM u WHERE f IN ('x', 'y', 'z') AND s <> 'tiny'")
    outside = wanted - (predicted["num_rows"] - known)
    sql("DROP TABLE p")
    sql(f"SELECT * FROM madlib.{method}_predict('m', 'u', 'p')")
    assert sql.warnings == [
        f"no prediction for {outside} rows: a term that was not estimated is not the combination of others"
        " that it was in training"
    ]
    sql("DROP TABLE p")
    sql(f"SELECT * FROM madlib.{method}_predict('m', 't', 'p')")
    assert sql(f"SELECT id FROM p WHERE {score} IS NULL ORDER BY 1") == [(-4,), (-3,), (-2,), (-1,)]
    assert sql.warnings == []


@pytest.mark.parametrize(
    ("method", "options"),
    [*((method, {}) for method in METHODS), ("regr", {"weights": "w"}), ("logregr", {"weights": "w"})],
)
def test_levels_of_the_first_pass_are_those_of_a_pass_before_it(sql, data, method, options):
    """Streamed, levels are numbered in the first pass; with one group of all rows they are read before."""
    sql("SET madpy.store_memory = 0")
    sql("CREATE VIEW v AS SELECT *, 1 AS one FROM t")
    (numbered,) = sql.rows(train_call(method, source="v", features="x, f, s", **options))
    (read,) = sql.rows(
        train_call(method, source="v", output="n", features="x, f, s", grouping_cols="one", **options)
    )
    for name in ("feature_names", "num_rows_processed", "num_missing_rows_skipped", "terms"):
        assert numbered[name] == read[name]
    columns = "coef, std_err, condition_no, num_rows_processed, num_missing_rows_skipped"
    assert sql(f"SELECT {columns} FROM m") == sql(f"SELECT {columns} FROM n")


def quoted(g):
    return "NULL" if g is None else f"'{g}'"


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("features", ["x, one", "one, x", "x, one, one", "x, two, one"])
def test_text_with_one_value(sql, method, features):
    """Text with one value has no term, rows with NULL are skipped, and other values have no prediction."""
    sql(
        "CREATE TABLE t AS SELECT i, i / 10.0 AS x, sin(i) AS y, sin(i) > 0 AS yes,"
        " CASE WHEN i % 2 = 0 THEN 'it''s' WHEN i = 7 THEN 'gone' END AS one,"
        " CASE WHEN i % 2 = 0 THEN 'Y'::char(3) END AS two FROM generate_series(1, 60) AS i"
    )
    sql("CREATE VIEW v AS SELECT i, CASE WHEN i <> 7 THEN x END AS x, y, yes, one, two FROM t")
    score = score_of(method)
    (made,) = sql.rows(train_call(method, "v", features=features))
    others = 'two ("Y"), ' if "two" in features else ""
    assert sql.warnings == [
        f'the same in all rows that are used, and so without a term: {others}one ("it\'s")'
    ]
    sql("CREATE VIEW even AS SELECT * FROM v WHERE i % 2 = 0")
    sql(train_call(method, "even", "n", features="x"))
    assert sql("SELECT coef, std_err, feature_names FROM m") == sql(
        "SELECT coef, std_err, feature_names FROM n"
    )
    assert (made["num_rows_processed"], made["num_missing_rows_skipped"]) == (30, 30)
    sql(
        "CREATE TABLE u AS SELECT 4 AS i, 0.4 AS x, one, 'Y' AS two"
        " FROM unnest(ARRAY['it''s', NULL, 'zzz', '']) AS one"
    )
    for given in ("NULL", f"'{features}'"):
        sql("DROP TABLE IF EXISTS p")
        sql(f"SELECT madlib.{method}_predict('m', 'u', 'p', {given})")
        assert dict(sql(f"SELECT one, {score} IS NULL FROM p")) == {
            "it's": False,
            None: True,
            "zzz": True,
            "": True,
        }
    error = sql.fails(f"SELECT madlib.{method}_predict('m', 'u', 'q', 'x')")
    assert error.message == f'{method}_predict: the text column "one" is not among the features'
    sql("ALTER TABLE u DROP one")
    assert sql.fails(f"SELECT madlib.{method}_predict('m', 'u', 'q')").sqlstate == "42703"


@pytest.mark.parametrize("method", METHODS)
def test_text_that_is_null_in_every_row(sql, method):
    sql(
        "CREATE TABLE t AS SELECT i AS x, sin(i) AS y, i > 5 AS yes, NULL::text AS k, 'a' AS l"
        " FROM generate_series(1, 9) AS i"
    )
    error = sql.refuses(train_call(method, features="x, k, l"))
    assert error.message == f'{method}_train: none of the 9 rows of table "t" can be used'
    assert error.detail == '"k" is NULL in all of them.'


@pytest.mark.parametrize("method", METHODS)
def test_a_level_with_weight_zero_only(sql, method):
    """As one in rows with a NULL: R's lm leaves such rows out as well."""
    sql(
        "CREATE TABLE t AS SELECT sin(i) AS y, sin(i) > 0 AS yes, 'k' || i % 3 AS k, i % 3 AS w"
        " FROM generate_series(1, 30) AS i"
    )
    score = score_of(method)
    sql(train_call(method, features="k", weights="w"))
    assert sql.value("SELECT feature_names FROM m") == ["(Intercept)", "k=k2"]
    sql(f"SELECT madlib.{method}_predict('m', 't', 'p')")
    assert sql(f"SELECT k, count({score}) FROM p GROUP BY k ORDER BY k") == [
        ("k0", 0),
        ("k1", 10),
        ("k2", 10),
    ]


def test_clusters_of_text_with_one_value(sql):
    """A level is a coordinate; another value than in training has no cluster."""
    sql(
        "CREATE TABLE t AS SELECT i AS x, CASE WHEN i < 9 THEN 'Y' END AS flag"
        " FROM generate_series(1, 20) AS i"
    )
    (made,) = sql.rows(
        named("kmeans_train", source_table="t", output_table="m", features="x, flag", k=2, seed=1)
    )
    assert (made["num_rows_processed"], made["feature_names"]) == (8, ["x", "flag=Y"])
    sql("CREATE TABLE u AS SELECT 1 AS x, unnest(ARRAY['Y', 'zzz', NULL]) AS flag")
    for given in ("NULL", "'x, flag'"):
        sql("DROP TABLE IF EXISTS p")
        sql(f"SELECT madlib.kmeans_predict('m', 'u', 'p', {given})")
        assert dict(sql("SELECT flag, cluster_id IS NULL FROM p")) == {"Y": False, "zzz": True, None: True}


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("memory", [0, 100000])
def test_texts_that_a_collation_calls_equal_are_one_level(sql, method, memory):
    """Trees and naive Bayes keep them apart, as the manuals say."""
    prediction = score_of(method)
    sql("CREATE COLLATION no_case (provider = icu, locale = 'und-u-ks-level2', deterministic = false)")
    sql(
        """
        CREATE TABLE t AS
        SELECT i, (ARRAY['a', 'A', 'b', 'B'])[1 + i % 4] COLLATE no_case AS f, sin(i) AS y, sin(i) > 0 AS yes
        FROM generate_series(1, 60) AS i
        """
    )
    sql(f"SET madpy.store_memory = {memory}")
    (names,) = sql.rows(train_call(method, features="f"))
    assert [name.lower() for name in names["feature_names"]] == ["(intercept)", "f=b"]
    sql(f"SELECT madlib.{method}_predict('m', 't', 'p')")
    query = f"SELECT lower(t.f), count(*), count(DISTINCT {prediction}) FROM p JOIN t USING (i) GROUP BY 1"
    assert sql(f"{query} ORDER BY 1") == [("a", 30, 1), ("b", 30, 1)]
