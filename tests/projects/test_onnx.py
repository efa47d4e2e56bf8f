"""Models in ONNX: onnxruntime gives for raw values what the scorer in C gives in the database."""

import itertools
import re
from pathlib import Path

import numpy as np
import onnx
import pytest

from madpy import __version__
from tests.projects.bounds import bounds
from tests.projects.kept import keep, quoted
from tests.projects.runtime import NULL, Runtime
from tests.sk.models import small_models
from tests.sk.scoring import close

ROOT = Path(__file__).resolve().parents[2]
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
    mode = MIXED | {"wall": {"encode": encode, "impute": "mode"}}
    for preprocess in ({"*": {"encode": encode}}, mode, MIXED | {"wall": MIXED["wall"] | {"encode": encode}}):
        for target, task in (("price", "regression"), ("kind", "classification"), ("dear", "classification")):
            model = keep(sql, "h", target, FEATURES, algorithm, task, preprocess=preprocess)
            compare(sql, model, raw(sql))


ENSEMBLES = {
    "decision_tree": {"max_depth": 4},
    "random_forest": {"n_estimators": 7, "max_depth": 4},
    "extra_trees": {"n_estimators": 5, "max_depth": 3},
    "gradient_boosting_trees": {"n_estimators": 9},
    "hist_gradient_boosting": {"max_iter": 9},
    "bagging": {"n_estimators": 3},
    "ada_boost": {"n_estimators": 5},
}


@pytest.fixture
def waves(sql):
    """Table t: 120 rows of two numbers of different sizes, another that is their sum, and three classes."""
    rng = np.random.default_rng(7)
    rows = rng.normal(size=(120, 2)) * [1, 1e-3]
    sql("CREATE TABLE t (a float8, b float8, y float8, c text)")
    for a, b in rows.tolist():
        sql(f"INSERT INTO t VALUES ({a!r}, {b!r}, {a * 3 + b * 1e3!r}, '{'pqr'[int(a * 9) % 3]}')")


@pytest.mark.parametrize("algorithm", ENSEMBLES)
def test_trees_are_equal_at_the_bounds_of_every_leaf(sql, waves, algorithm):
    """Labels too: they would differ where sums of leaves are rounded in another way and classes are equal."""
    for target, task in (("y", "regression"), ("c", "classification")):
        model = keep(sql, "t", target, "a, b", algorithm, task, hyperparams=ENSEMBLES[algorithm])
        extremes = [-0.0, 1e39, -1e39, 1.7e308, 1e-46, 3.4028235677973366e38, None]
        edges = [*bounds(sql, model).tolist(), *extremes]
        rows = [*itertools.product(edges, (0.0, 0.001, None)), *itertools.product((0.0, -0.7, 0.7), edges)]
        is_exact = task == "regression" or algorithm in (*TREES, "extra_trees")
        compare(sql, model, rows, is_exact)


@pytest.mark.parametrize(
    ("algorithm", "task", "hyperparams"),
    [
        ("gradient_boosting_trees", "regression", {"n_estimators": 1, "min_samples_leaf": 120}),
        ("random_forest", "classification", {"n_estimators": 2, "min_samples_leaf": 0.9}),
        ("hist_gradient_boosting", "regression", {"loss": "poisson"}),
        ("ada_boost", "regression", {"n_estimators": 1}),
        ("svm", "regression", {"epsilon": 100}),
        ("svm", "classification", {"kernel": "poly", "degree": 2, "coef0": 0.5}),
        ("svm", "classification", {"kernel": "sigmoid", "probability": True}),
        ("nu_svm", "classification", {"kernel": "linear", "nu": 0.2}),
        ("kernel_ridge", "regression", {"kernel": "laplacian"}),
        ("gaussian_process", "regression", {"kernel": "matern"}),
        ("stochastic_gradient_descent", "classification", {"loss": "modified_huber"}),
        ("stochastic_gradient_descent", "classification", {"loss": "log_loss"}),
        ("mlp", "regression", {"activation": "tanh", "hidden_layer_sizes": [5, 4, 3]}),
        ("affinity_propagation", "clustering", {"max_iter": 1}),
        ("pca", "decomposition", {"whiten": True}),
    ],
)  # fmt: skip
def test_unusual_models(sql, waves, algorithm, task, hyperparams):
    sql("UPDATE t SET y = abs(y)")
    target = {"regression": "y", "classification": "c"}.get(task)
    model = keep(sql, "t", target, "a, b", algorithm, task, hyperparams=hyperparams)
    outputs = compare(sql, model, [*sql("SELECT a, b FROM t"), (None, 0.0), (0.3, float("inf"))])
    assert "probabilities" not in outputs if algorithm == "svm" else outputs


def test_several_targets(sql, houses):
    for algorithm in ("ridge", "random_forest", "mlp"):
        model = keep(sql, "h", "price, other", FEATURES, algorithm, preprocess=MIXED | {"wall": {"impute": "mode"}})
        assert compare(sql, model, raw(sql))["prediction"].shape == (93, 2)


def test_an_array_is_one_input(sql, waves):
    """Its elements are one input, of as many numbers for each row."""
    sql("CREATE TABLE v AS SELECT ARRAY[a, b, a * b] AS v, b AS \"v[3]\", c, y FROM t")
    model = keep(sql, "v", "y", "v", "ridge")
    runtime = export(sql, model)
    assert runtime.inputs == [("v", ["rows", 3], "tensor(double)")]
    given = [row for (row,) in sql("SELECT v FROM v")] + [[1.0, None, 2.0]]
    expected = sql(f"SELECT madlib.sk_predict_all(m.model, v) FROM v, pgml.models AS m WHERE m.id = {model}")
    equal(runtime([(row,) for row in given])["prediction"], [*(one for (one,) in expected), None], False)


NAMES = ["label", "prediction", "v1", "v2", 'a "quoted" name', "ä; DROP TABLE h", "x[1]", "x[2]", "X"]


def test_names_of_columns_are_names_of_inputs(sql, schema):
    """Whatever they are: an output whose name is taken has a number behind it."""
    listed = ", ".join('"' + name.replace('"', '""') + '"' for name in NAMES)
    numbers = ", ".join(f"sin(i * {n} + 1)" for n in range(2, 2 + len(NAMES)))
    sql(f"CREATE TABLE n (y, {listed}) AS SELECT 'c' || i % 2, {numbers} FROM generate_series(1, 40) AS i")
    model = keep(sql, "n", "y", listed, "lda", "classification")
    runtime = export(sql, model)
    assert [name for name, *_ in runtime.inputs] == [*NAMES[:6], "x", "X"]
    assert runtime.outputs == ["label_2", "probabilities"]
    rows = sql(f"SELECT {listed} FROM n")
    given = [[*row[:6], row[6:8], row[8]] for row in rows]
    labels = scored(sql, model, rows, "madlib.sk_predict_class(m.model, features)")
    assert runtime(given)["label_2"].tolist() == labels
    assert len(set(labels)) == 2


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


def test_a_model_of_sk_train(sql, waves):
    """It is imported into a project first."""
    sql("SELECT madlib.sk_train('t', 'm', 'y', 'a, b', 'ridge')")
    sql("BEGIN")
    (data,) = sql("SELECT pgml.export_model(pgml.import_model('Waves', model), 'onnx') FROM m")[0]
    sql("ROLLBACK")
    expected = sql("SELECT madlib.sk_predict_all(model, a, b) FROM t, m")
    equal(Runtime(data)(sql("SELECT a, b FROM t"))["prediction"], [row for (row,) in expected], False)


def test_the_example_of_the_manual(sql, tmp_path, monkeypatch):
    """Its Python runs beside the file that its shell command writes."""
    sql("SELECT madlib.load_dataset('diabetes', 'patients')")
    model = keep(sql, "patients", "target", "age, sex, bmi, bp, s1, s2, s3, s4, s5, s6", "ridge")
    (program,) = re.findall(r"```python\n(.*?)```", (ROOT / "modules/projects/README.md").read_text(), re.DOTALL)
    (tmp_path / "patients.onnx").write_bytes(sql.value(f"SELECT pgml.export_model({model}, 'onnx')"))
    monkeypatch.chdir(tmp_path)
    values = {}
    exec(program, values)
    expected = sql.value(
        f"SELECT pgml.predict({model}::bigint, p) FROM patients AS p WHERE age = 59 AND bmi = 32.1"
    )
    close(values["prediction"], np.array([[expected]]))
