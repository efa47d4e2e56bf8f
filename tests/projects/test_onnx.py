"""Models in ONNX: onnxruntime gives for raw values what the scorer in C gives in the database."""

import itertools
import warnings

import numpy as np
import pytest

from tests.projects.kept import keep, project_of, quoted
from tests.projects.runtime import NULL, Runtime
from tests.sk.models import small_models
from tests.sk.scoring import close

REFUSED = ("dbscan", "nmf", "nearest_neighbors", "gaussian_process classification")
TREES = ("decision_tree", "random_forest", "bagging")
EXACT = {  # the same bits, as the same numbers are added in the same order; others have functions of libraries
    *(f"{name} {task}" for name in TREES for task in ("regression", "classification 2", "classification 3")),
    "gradient_boosting_trees regression", "hist_gradient_boosting regression", "ada_boost regression",
}  # fmt: skip
NUMBERS = [0.0, 0.13, 0.5, 1.0, -3.5, 1e6, None, float("nan"), float("inf"), float("-inf")]
WORDS = ["v0", "v1", "v2", "v3", "", "V1", "other", None]


def is_refused(name):
    return name.startswith(REFUSED)


def export(sql, model):
    return Runtime(sql.value(f"SELECT pgml.export_model({model}, format => 'onnx')"))


def literal(value):
    if value is None:
        return "NULL"
    return quoted(value) if isinstance(value, str) else f"'{value!r}'::float8"


def scored(sql, model, rows, expression):
    """Evaluate SQL over the model m and the features r for each row."""
    names = ", ".join(f"f{n}" for n in range(len(rows[0])))
    values = ", ".join(f"({n}, {', '.join(map(literal, row))})" for n, row in enumerate(rows))
    return [
        one
        for (one,) in sql(
            f"SELECT {expression.replace('features', names)} FROM (VALUES {values}) AS r (n, {names}),"
            f" pgml.models AS m WHERE m.id = {model} ORDER BY n"
        )
    ]


def compare(sql, model, rows, is_exact=False):
    """Assert that onnxruntime and the database give the same for rows; return the outputs."""
    outputs = export(sql, model)(rows)
    if "label" in outputs:
        labels = scored(sql, model, rows, "madlib.sk_predict_class(m.model, features)")
        assert outputs["label"].tolist() == [NULL if label is None else label for label in labels]
    if "prediction" in outputs:
        task = sql.value(f"SELECT task FROM pgml.projects JOIN pgml.models AS m ON m.id = {model} WHERE projects.id = m.project_id")
        call = "ARRAY[madlib.sk_predict(m.model, features)]" if task == "clustering" else "madlib.sk_predict_all(m.model, features)"
        equal(outputs["prediction"], scored(sql, model, rows, call), is_exact)
    if "probabilities" in outputs:
        call = "(SELECT array_agg(p.probability) FROM madlib.sk_predict_prob(m.model, features) AS p)"
        equal(outputs["probabilities"], scored(sql, model, rows, call), is_exact)
    return outputs


def equal(given, expected, is_exact):
    expected = np.array([[np.nan] * given.shape[1] if row is None else row for row in expected], float)
    if is_exact:
        np.testing.assert_array_equal(given, expected)
    else:
        np.testing.assert_array_equal(np.isnan(given), np.isnan(expected))
        close(given[~np.isnan(given)], expected[~np.isnan(expected)])


@pytest.mark.parametrize("name", [name for name in small_models() if not is_refused(name)])
def test_every_kind_of_model(sql, name):
    sql("BEGIN")
    model = sql.value(f"SELECT pgml.import_model('Imported', '\\x{small_models()[name].hex()}')")
    rows = list(itertools.product(NUMBERS, NUMBERS, WORDS))
    compare(sql, model, rows, is_exact=name in EXACT)
    sql("ROLLBACK")


@pytest.mark.parametrize("name", [name for name in small_models() if is_refused(name)])
def test_kinds_that_onnx_does_not_express(sql, name):
    sql("BEGIN")
    model = sql.value(f"SELECT pgml.import_model('Imported', '\\x{small_models()[name].hex()}')")
    failure = sql.fails(f"SELECT pgml.export_model({model}, 'onnx')")
    sql("ROLLBACK")
    assert (failure.sqlstate, failure.message) == (
        "0A000",
        "pgml.export_model: this model cannot be written in ONNX",
    )
    assert failure.hint.startswith("Choose a linear algorithm, ")


@pytest.fixture
def houses(sql):
    """Table h: 90 rows; words, one of them with quotes, a flag, a day, and NULLs in each of them."""
    sql(
        """
        CREATE TABLE h AS
        SELECT 3 + 2 * tax - bath + CASE WHEN new THEN 10 ELSE 0 END + sin(i) AS price, bath + sin(i) AS other,
               CASE WHEN i % 11 > 0 THEN tax END AS tax, CASE WHEN i % 6 > 0 THEN bath END AS bath,
               CASE WHEN i % 13 > 0 THEN new END AS new,
               CASE WHEN i % 9 > 0 THEN (ARRAY['brick', 'wo''od"', E'st\\\\öne', ''])[i % 4 + 1] END AS wall,
               date '2020-01-01' + i AS sold,
               (ARRAY['a', 'b', 'c'])[1 + (tax / 40)::int % 3] AS kind, tax > 50 AS dear
        FROM (SELECT i, (i * 37 % 101)::float8 / 7 * 7.3 AS tax, i % 5 AS bath, i % 7 < 3 AS new
              FROM generate_series(1, 90) AS i) AS r
        """
    )


FEATURES = "tax, bath, new, wall, sold"
AS_GIVEN = "tax, bath, new::int::float8, wall, extract(epoch FROM sold)::float8"
MIXED = {
    "*": {"impute": "mean", "scale": "robust"},
    "wall": {"encode": "target", "impute": "constant", "fill": "none of them"},
    "bath": {"indicator": True, "impute": "median", "scale": "min_max"},
    "new": {"impute": "constant", "fill": 2, "indicator": True},
}


def raw(sql):
    """Return the rows of the table as an application would send them, with words that no training has seen."""
    return [list(row) for row in sql(f"SELECT {AS_GIVEN} FROM h")] + [
        [1e300, -5.0, 0.5, "Brick", 1e9],
        [-7.25, 1e-300, 1.0, "brick ", None],
        [None] * 5,
    ]


@pytest.mark.parametrize("encode", ["one_hot", "ordinal", "target"])
@pytest.mark.parametrize(
    "algorithm", ["ridge", "random_forest", "gradient_boosting_trees", "hist_gradient_boosting", "mlp"]
)
def test_preprocessing_is_in_the_graph(sql, houses, algorithm, encode):
    """Rows with values that nothing imputes have no prediction, those of boosting excepted."""
    for preprocess in ("auto", {"*": {"encode": encode}}, MIXED | {"wall": {"encode": encode, "impute": "mode"}}, MIXED):
        options = {} if preprocess == "auto" else {"preprocess": preprocess}
        for target, task in (("price", "regression"), ("kind", "classification"), ("dear", "classification")):
            model = keep(sql, "h", target, FEATURES, algorithm, task, **options)
            outputs = compare(sql, model, raw(sql))
            assert outputs
