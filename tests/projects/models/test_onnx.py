"""Models in ONNX: onnxruntime gives for raw values what the scorer in C gives in the database."""

import itertools

import onnx
import pytest

from madpy import __version__
from tests.projects.kept import keep
from tests.projects.runtime import NULL, compare, export, imported
from tests.sk.models import small_models

REFUSED = ("dbscan", "nmf", "nearest_neighbors", "gaussian_process classification", "nb ")
TREES = ("decision_tree", "random_forest", "bagging")
EXACT = {  # to the last bit: the same numbers are added in the same order
    *(f"{name} {task}" for name in TREES for task in ("regression", "classification 2", "classification 3")),
    "gradient_boosting_trees regression", "hist_gradient_boosting regression", "ada_boost regression",
}  # fmt: skip
NUMBERS = [0.0, 0.13, 0.5, 1.0, -3.5, 1e6, None, float("nan"), float("inf"), float("-inf")]
WORDS = ["v0", "v1", "v2", "v3", "", "V1", "other", None]


def is_refused(name):
    return name.startswith(REFUSED)


@pytest.mark.parametrize("name", [name for name in small_models() if not is_refused(name)])
def test_every_kind_of_model(sql, name):
    sql("BEGIN")
    model = imported(sql, small_models()[name])
    rows = list(itertools.product(NUMBERS, NUMBERS, WORDS))
    compare(sql, model, rows, is_exact=name in EXACT)
    sql("ROLLBACK")


@pytest.mark.parametrize("name", [name for name in small_models() if is_refused(name)])
def test_kinds_that_onnx_does_not_express(sql, name):
    sql("BEGIN")
    model = imported(sql, small_models()[name])
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
        SELECT 3 + 2 * tax - bath + CASE WHEN new THEN 10 ELSE 0 END + sin(i) AS price,
               bath + sin(i) AS other,
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
    """Return the rows of the table as an application would send them, and some that are unlike them."""
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
    mode = MIXED | {"wall": {"encode": encode, "impute": "mode"}}
    for preprocess in ({"*": {"encode": encode}}, mode, MIXED | {"wall": MIXED["wall"] | {"encode": encode}}):
        for target, task in (("price", "regression"), ("kind", "classification"), ("dear", "classification")):
            model = keep(sql, "h", target, FEATURES, algorithm, task, preprocess=preprocess)
            compare(sql, model, raw(sql))


def test_several_targets(sql, houses):
    preprocess = MIXED | {"wall": {"impute": "mode"}}
    for algorithm in ("ridge", "random_forest", "mlp"):
        model = keep(sql, "h", "price, other", FEATURES, algorithm, preprocess=preprocess)
        assert compare(sql, model, raw(sql))["prediction"].shape == (93, 2)


def test_the_model_says_what_it_is(sql, houses):
    model = keep(sql, "h", "kind", FEATURES, "lda", "classification", preprocess=MIXED)
    data = bytes(sql.value(f"SELECT pgml.export_model({model}, 'onnx')"))
    known = onnx.load_from_string(data)
    assert (known.producer_name, known.producer_version) == ("madpy", __version__)
    assert {one.key: one.value for one in known.metadata_props} == {
        "madpy.algorithm": "lda",
        "madpy.task": "classification",
        "madpy.classes": '["a", "b", "c"]',
        "madpy.null": NULL,
    }
    assert bytes(sql.value(f"SELECT pgml.export_model({model}, 'onnx')")) == data


def test_no_rows(sql, houses):
    model = keep(sql, "h", "price", FEATURES, "random_forest", preprocess=MIXED)
    assert export(sql, model)([])["prediction"].shape == (0, 1)
