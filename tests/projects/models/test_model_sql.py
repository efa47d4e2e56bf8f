"""Functions that model_sql writes, beside the scorer in C: at the bounds of leaves, for missing values."""

import numpy as np
import pytest

from tests.projects.bounds import bounds
from tests.projects.kept import keep, quoted

REGRESSIONS = {
    "linear": "{}",
    "ridge": "{}",
    "lasso": "{}",
    "decision_tree": '{"max_depth": 4}',
    "random_forest": '{"n_estimators": 7, "max_depth": 4}',
    "extra_trees": '{"n_estimators": 5, "max_depth": 3}',
    "gradient_boosting_trees": '{"n_estimators": 9}',
    "hist_gradient_boosting": '{"max_iter": 9}',
    "bagging": '{"n_estimators": 3}',
}
CLASSIFICATIONS = REGRESSIONS | {"ada_boost": '{"n_estimators": 5}', "linear_svm": "{}", "lda": "{}"}
del CLASSIFICATIONS["lasso"]
MIXED = """{
    "*": {"impute": "mean", "scale": "standard"}, "wall": {"encode": "target", "impute": "mode"},
    "bath": {"indicator": true, "impute": "median"}
}"""


@pytest.fixture
def houses(sql):
    """Table h: 90 rows; a category, a flag, a missing value in every column but one."""
    sql(
        """
        CREATE TABLE h AS
        SELECT 3 + 2 * tax - bath + CASE WHEN new THEN 10 ELSE 0 END + noise AS price,
               CASE WHEN i % 11 = 0 THEN NULL ELSE tax END AS tax, bath / 3.0 AS bath,
               CASE WHEN i % 13 > 0 THEN new END AS new,
               CASE WHEN i % 9 > 0 THEN (ARRAY['brick', 'wo''od', E'st\\\\one'])[i % 3 + 1] END AS wall,
               (ARRAY['a', 'b', 'c'])[1 + (tax / 40)::int % 3] AS kind, tax > 50 AS dear
        FROM (SELECT i, (i * 37 % 101)::float8 / 7 * 7.3 AS tax, i % 5 AS bath, i % 7 < 3 AS new,
                     sin(i) AS noise
              FROM generate_series(1, 90) AS i) AS r
        """
    )


def scored(sql, model, rows, names, function, by_array=False):
    """Return pairs over rows: what the scorer in C and what the written function predicts."""
    sql(sql.value(f"SELECT pgml.model_sql({model}, 'written')"))
    arguments = "v" if by_array else ", ".join(names)
    return sql(
        f"SELECT madlib.{function}(m.model, {arguments}), written({arguments})"
        f" FROM {rows}, pgml.models AS m WHERE m.id = {model}"
    )


def equal(pairs):
    assert pairs
    assert [one for one in pairs if repr(one[0]) != repr(one[1])] == []


@pytest.mark.parametrize("algorithm", REGRESSIONS)
def test_regressions_are_equal_to_the_last_bit(sql, houses, algorithm):
    options = {"hyperparams": REGRESSIONS[algorithm], "preprocess": MIXED}
    model = keep(sql, "h", "price", "tax, bath, new, wall", algorithm, **options)
    names = ["tax", "bath", "new::int", "wall"]
    equal(scored(sql, model, "h", names, "sk_predict"))


@pytest.mark.parametrize("target", ["kind", "dear"])
@pytest.mark.parametrize("algorithm", CLASSIFICATIONS)
def test_classes_are_equal(sql, houses, algorithm, target):
    options = {"hyperparams": CLASSIFICATIONS[algorithm], "preprocess": MIXED}
    model = keep(sql, "h", target, "tax, bath, new, wall", algorithm, "classification", **options)
    pairs = scored(sql, model, "h", ["tax", "bath", "new::int", "wall"], "sk_predict_class")
    equal(pairs)
    assert len({label for label, _ in pairs}) > 1


TREES = [name for name in CLASSIFICATIONS if name not in ("linear", "ridge", "linear_svm", "lda")]


@pytest.mark.parametrize("algorithm", TREES)
def test_trees_are_equal_at_the_bounds_of_every_leaf(sql, algorithm):
    rng = np.random.default_rng(7)
    sql("CREATE TABLE t (a float8, b float8, y float8, c text)")
    rows = rng.normal(size=(120, 2)) * [1, 1e-3]
    sql(
        "INSERT INTO t VALUES "
        + ", ".join(
            f"({a!r}, {b!r}, {a * 3 + b * 1e3!r}, '{'pqr'[int(a * 9) % 3]}')" for a, b in rows.tolist()
        )
    )
    for target, task, function in (
        ("y", "regression", "sk_predict"),
        ("c", "classification", "sk_predict_class"),
    ):
        if (algorithm, task) == ("ada_boost", "regression"):
            continue  # its trees have a median
        model = keep(sql, "t", target, "a, b", algorithm, task, hyperparams=CLASSIFICATIONS[algorithm])
        edges = [float(one) for one in bounds(sql, model)]
        extremes = [0.0, -0.0, 1e39, -1e39, 1.7e308, 1e-46, 3.4028235677973366e38, float("inf"), float("nan")]
        sql("DROP TABLE IF EXISTS e; CREATE TABLE e (a float8, b float8); DROP FUNCTION IF EXISTS written")
        every = ", ".join(f"('{one!r}'::float8)" for one in [*edges, *extremes])
        sql(
            f"INSERT INTO e SELECT v, w FROM (VALUES {every}, (NULL)) AS p (v),"
            " (VALUES (0.0), (0.001), (NULL)) AS q (w)"
        )
        sql(
            f"INSERT INTO e SELECT v, w FROM (VALUES (0.0), (-0.7), (0.7)) AS p (v),"
            f" (VALUES {every}) AS q (w)"
        )
        equal(scored(sql, model, "e", ["a", "b"], function))


def test_a_missing_value_that_nothing_replaces_has_no_prediction(sql, houses):
    model = keep(sql, "h", "price", "tax, bath, new, wall", "ridge")
    pairs = scored(sql, model, "h", ["tax", "bath", "new::int", "wall"], "sk_predict")
    equal(pairs)
    assert any(one is None for one, _ in pairs) and any(one is not None for one, _ in pairs)


def test_boosting_takes_missing_values_as_they_are(sql, houses):
    model = keep(sql, "h", "price", "tax, bath", "hist_gradient_boosting")
    pairs = scored(sql, model, "h", ["tax", "bath"], "sk_predict")
    equal(pairs)
    assert all(one is not None for one, _ in pairs)


def test_features_of_an_array(sql, houses):
    sql("CREATE TABLE v AS SELECT price, ARRAY[coalesce(tax, 1), bath] AS v FROM h")
    model = keep(sql, "v", "price", "v", "ridge")
    equal(scored(sql, model, "v", [], "sk_predict", by_array=True))
    assert sql("SELECT written(NULL), written('{1}')") == [(None, None)]


def test_several_targets(sql, houses):
    sql("CREATE TABLE s AS SELECT price, price * 2 + bath AS other, bath, coalesce(tax, 1) AS tax FROM h")
    for algorithm in ("ridge", "random_forest"):
        options = {"hyperparams": REGRESSIONS[algorithm]}
        model = keep(sql, "s", "price, other", "tax, bath", algorithm, **options)
        sql("DROP FUNCTION IF EXISTS written")
        equal(scored(sql, model, "s", ["tax", "bath"], "sk_predict_all"))


def test_the_function_is_immutable_and_needs_no_search_path(sql, houses, schema):
    model = keep(sql, "h", "price", "tax, bath", "ridge")
    name = f'{schema}."a ""name"'
    sql(sql.value(f"SELECT pgml.model_sql({model}, {quoted(name)})"))
    sql("SET search_path = pg_temp")
    assert sql(f"SELECT {name}(2, 3) IS NOT NULL, {name}(bath => 3, tax => 2) = {name}(2, 3)") == [
        (True, True)
    ]
    assert sql.value("SELECT provolatile FROM pg_proc WHERE proname = 'a \"name'") == "i"


@pytest.mark.parametrize(("task", "target"), [("regression", "price"), ("classification", "dollar")])
def test_a_long_function_is_not_compiled_for_each_query(sql, houses, task, target):
    """Larger ones are in PL/pgSQL; a label has the beginnings of dollar quotes."""
    sql(
        "CREATE TABLE l AS SELECT *, CASE WHEN dear THEN '$madpy$' ELSE '$madpy_$' || kind END AS dollar"
        " FROM h"
    )
    options = {"hyperparams": '{"n_estimators": 60}', "preprocess": '{"*": {"impute": "mean"}}'}
    model = keep(sql, "l", target, "tax, bath", "random_forest", task, **options)
    pairs = scored(
        sql, model, "l", ["tax", "bath"], "sk_predict" if task == "regression" else "sk_predict_class"
    )
    equal(pairs)
    assert sql(
        "SELECT lanname, provolatile, proparallel FROM pg_proc JOIN pg_language AS l ON l.oid = prolang"
        " WHERE proname = 'written' AND pronamespace = current_schema::regnamespace"
    ) == [("plpgsql", "i", "s")]


def test_errors(sql, houses):
    model = keep(sql, "h", "price", "tax, bath", "nearest_neighbors")
    failure = sql.fails(f"SELECT pgml.model_sql({model})")
    assert (failure.sqlstate, failure.message) == (
        "0A000",
        "pgml.model_sql: this model cannot be written in SQL",
    )
    large = keep(sql, "h", "price", "tax, bath", "random_forest", hyperparams='{"n_estimators": 900}')
    assert sql.fails(f"SELECT pgml.model_sql({large})").sqlstate == "54000"
    assert (
        sql.fails("SELECT pgml.model_sql(987654321)").message
        == "pgml.model_sql: model 987654321 does not exist"
    )
    assert sql.fails(f"SELECT pgml.model_sql({model}, 'a.b.c')").sqlstate == "42602"
