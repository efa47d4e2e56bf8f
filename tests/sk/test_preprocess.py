"""Preprocessing, learned in the worker and applied in C, beside pipelines of scikit-learn."""

import json

import numpy as np
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import Ridge
from sklearn.model_selection import KFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    MaxAbsScaler,
    MinMaxScaler,
    OneHotEncoder,
    OrdinalEncoder,
    RobustScaler,
    StandardScaler,
    TargetEncoder,
)

ROWS = 300
IMPUTERS = {
    "mean": SimpleImputer(strategy="mean"),
    "median": SimpleImputer(strategy="median"),
    "mode": SimpleImputer(strategy="most_frequent"),
    "constant": SimpleImputer(strategy="constant", fill_value=-7.5),
}
SCALERS = {
    "none": FunctionTransformer(),
    "standard": StandardScaler(),
    "min_max": MinMaxScaler(),
    "max_abs": MaxAbsScaler(),
    "robust": RobustScaler(),
}
WORDS = ["amber", "blue", "coral"]


@pytest.fixture(scope="module")
def columns():
    """Two numbers with NULLs, a word, and a target that depends on them."""
    rng = np.random.default_rng(5)
    X = np.column_stack([rng.integers(0, 20, ROWS) / 4, rng.normal(100, 25, ROWS)])
    words = rng.integers(0, len(WORDS), ROWS)
    y = X[:, 0] * 3 - X[:, 1] / 10 + words * 4 + rng.normal(size=ROWS)
    X[rng.random(ROWS) < 0.2, 0] = np.nan
    X[rng.random(ROWS) < 0.1, 1] = np.nan
    return X, words, y


@pytest.fixture
def table(sql, columns):
    X, words, y = columns
    sql("CREATE TABLE t (id int, a float8, b float8, word text, y float8)")
    values = [
        (n, *(None if np.isnan(v) else float(v) for v in row), WORDS[word], float(target))
        for n, (row, word, target) in enumerate(zip(X, words, y, strict=True))
    ]
    sql.connection.inserttable("t", values)


def predicted(sql, features, preprocess, arguments):
    call = f"'t', 'm', 'y', '{features}', 'ridge', preprocess => '{json.dumps(preprocess)}'"
    sql(f"SELECT madlib.sk_train({call})")
    rows = sql(f"SELECT madlib.sk_predict(model, {arguments}) FROM t, m ORDER BY id")
    return np.array([value for (value,) in rows], float)


@pytest.mark.parametrize("scale", SCALERS)
@pytest.mark.parametrize("impute", IMPUTERS)
def test_numbers(sql, table, columns, impute, scale):
    X, _, y = columns
    rule = {"impute": impute, "scale": scale} | ({"fill": -7.5} if impute == "constant" else {})
    found = predicted(sql, "a, b", {"*": rule}, "a, b")
    expected = make_pipeline(IMPUTERS[impute], SCALERS[scale], Ridge()).fit(X, y).predict(X)
    np.testing.assert_allclose(found, expected, rtol=1e-11, atol=1e-13)  # sums of numbers near 1


def test_an_indicator_is_a_column(sql, table, columns):
    X, _, y = columns
    found = predicted(sql, "a, b", {"*": {"impute": "mean", "indicator": True}}, "a, b")
    filled = SimpleImputer().fit_transform(X)
    missing = np.isnan(X).astype(float)
    both = np.column_stack([filled[:, 0], missing[:, 0], filled[:, 1], missing[:, 1]])
    np.testing.assert_allclose(found, Ridge().fit(both, y).predict(both), rtol=1e-11)


def test_each_column_has_its_own_rule(sql, table, columns):
    X, _, y = columns
    rules = {"*": {"impute": "median"}, "b": {"scale": "standard"}}
    found = predicted(sql, "a, b", rules, "a, b")
    filled = SimpleImputer(strategy="median").fit_transform(X)
    filled[:, 1] = StandardScaler().fit_transform(filled[:, 1:])[:, 0]
    np.testing.assert_allclose(found, Ridge().fit(filled, y).predict(filled), rtol=1e-11)


@pytest.mark.parametrize("encode", ["one_hot", "ordinal", "target"])
def test_categories(sql, table, columns, encode):
    """In training a target encoding comes from other folds than a row's own; in predictions from all rows."""
    _, words, y = columns
    encoder = {
        "one_hot": OneHotEncoder(sparse_output=False, handle_unknown="ignore"),
        "ordinal": OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1),
        "target": TargetEncoder(target_type="continuous", cv=KFold(5, shuffle=True, random_state=0)),
    }[encode]
    column = words[:, None].astype(float)
    found = predicted(sql, "word", {"word": {"encode": encode}}, "word")
    model = Ridge().fit(encoder.fit_transform(column, y), y)
    np.testing.assert_allclose(found, model.predict(encoder.transform(column)), rtol=1e-11)
    (unseen,) = model.predict(encoder.transform([[99.0]]))
    assert sql.value("SELECT madlib.sk_predict(model, 'zinc'::text) FROM m") == pytest.approx(
        unseen, rel=1e-11
    )
    assert sql.value("SELECT madlib.sk_predict(model, NULL::text) FROM m") is None


def test_a_word_is_imputed(sql, table, columns):
    _, words, y = columns
    sql("UPDATE t SET word = NULL WHERE id % 5 = 0")
    codes = words.astype(float)
    codes[::5] = np.nan
    found = predicted(sql, "word", {"word": {"impute": "mode"}}, "word")
    pipeline = make_pipeline(SimpleImputer(strategy="most_frequent"), OneHotEncoder(), Ridge())
    expected = pipeline.fit(codes[:, None], y).predict(codes[:, None])
    np.testing.assert_allclose(found, expected, rtol=1e-11)


def test_numbers_and_words_together(sql, table, columns):
    X, words, y = columns
    rules = {"a": {"impute": "mean"}, "b": {"impute": "mean", "scale": "standard"}}
    found = predicted(sql, "a, word, b", rules, "a, word, b")
    both = np.column_stack([X[:, 0], words, X[:, 1]])
    prepared = ColumnTransformer(
        [
            ("a", SimpleImputer(), [0]),
            ("word", OneHotEncoder(), [1]),
            ("b", make_pipeline(SimpleImputer(), StandardScaler()), [2]),
        ]
    )
    expected = make_pipeline(prepared, Ridge()).fit(both, y).predict(both)
    np.testing.assert_allclose(found, expected, rtol=1e-11)


def test_a_target_of_classes_is_encoded_by_their_shares(sql, table):
    """Three classes make three columns; each is the share of a class among the rows with the word."""
    rule = '{"word": {"encode": "target"}}'
    sql(
        "SELECT madlib.sk_train('t', 'm', 'id % 3', 'word', 'linear', task => 'classification',"
        f" preprocess => '{rule}')"
    )
    assert sql.value("SELECT count(*) FROM m, jsonb_object_keys(details -> 'coef' -> 0)") == 3
    found = sql("SELECT p.* FROM m, madlib.sk_predict_prob(model, 'blue'::text) AS p")
    assert sum(probability for _, probability in found) == pytest.approx(1)


def test_a_class_of_one_row_has_a_target_encoding(sql, table):
    sql("ALTER TABLE t ADD c text; UPDATE t SET c = CASE WHEN id = 7 THEN 'one' ELSE word END")
    rule = '{"word": {"encode": "target"}}'
    sql(f"SELECT madlib.sk_train('t', 'm', 'c', 'word, id', 'linear', preprocess => '{rule}')")
    assert sql("SELECT classes FROM m_summary") == [(["amber", "blue", "coral", "one"],)]


@pytest.mark.parametrize("preprocess", ['"auto"', '{"*": "auto"}'])
def test_auto_is_what_the_algorithm_needs(sql, table, columns, preprocess):
    """Ridge imputes numbers by their mean, standardises them, and imputes words by the most frequent one."""
    X, words, y = columns
    sql("UPDATE t SET word = NULL WHERE id % 5 = 0")
    codes = words.astype(float)
    codes[::5] = np.nan
    sql(f"SELECT madlib.sk_train('t', 'm', 'y', 'a, b, word', 'ridge', preprocess => '{preprocess}')")
    found = [value for (value,) in sql("SELECT madlib.sk_predict(model, a, b, word) FROM t, m ORDER BY id")]
    prepared = ColumnTransformer(
        [
            ("numbers", make_pipeline(SimpleImputer(), StandardScaler()), [0, 1]),
            ("word", make_pipeline(SimpleImputer(strategy="most_frequent"), OneHotEncoder()), [2]),
        ]
    )
    both = np.column_stack([X, codes])
    np.testing.assert_allclose(found, make_pipeline(prepared, Ridge()).fit(both, y).predict(both), rtol=1e-11)


def test_infinity_is_missing(sql, table):
    sql("UPDATE t SET a = 'infinity' WHERE id = 1; UPDATE t SET a = NULL WHERE id = 2")
    found = predicted(sql, "a", {"a": {"impute": "mean"}}, "a")
    assert found[1] == found[2]


def test_a_column_that_is_null_everywhere(sql, table):
    sql("UPDATE t SET a = NULL")
    rule = '{"a": {"impute": "mean"}}'
    sql(f"SELECT madlib.sk_train('t', 'm', 'y', 'a, b', 'ridge', preprocess => '{rule}')")
    assert sql.warnings == ["NULL in every row, and so left out: a"]
    sql("SELECT madlib.sk_train('t', 'alone', 'y', 'b', 'ridge')")
    assert sql.value("SELECT m.details = a.details FROM m, alone AS a")
    assert sql.value("SELECT feature_names FROM m_summary") == ["b"]
    assert sql.value("SELECT count(madlib.sk_predict(model, t)) > 0 FROM t, m")
