"""Predictions of a table by features that the caller writes again, as a model with expressions needs them."""

import pytest

from tests.drivers.drivers import DRIVERS, USES

TABLE = """
    CREATE TABLE t AS
    SELECT i AS id, 1.0 + i % 10 AS x, (ARRAY['a', 'b', 'c'])[1 + i % 3] AS c,
           (i % 3) * 100 + ln(1.0 + i % 10) AS y, i % 3 > 0 AND i % 7 > 2 OR i % 11 = 0 AS yes
    FROM generate_series(1, 300) AS i
"""
# The training of each function that predicts a table.
TRAIN = {
    used.removesuffix("_predict"): DRIVERS[trained]
    for used, (trained, _) in USES.items()
    if used.endswith("_predict")
}
TERMS = [method for method, driver in TRAIN.items() if driver.is_linear]
COEFFICIENTS = [method for method in TERMS if TRAIN[method].has_row_per_group]
every_method = pytest.mark.parametrize("method", TRAIN)


@pytest.fixture
def t(sql):
    sql(TABLE)
    return sql


def train(sql, method, features, source="t"):
    sql(TRAIN[method].call(source, features=features))


def predictions(sql, method, source, features):
    """The first column that the prediction adds, by id."""
    sql(f"SELECT madlib.{method}_predict('m', '{source}', 'p', '{features}')")
    of_source = sql.rows(f"SELECT * FROM {source} LIMIT 1")[0].keys()
    rows = sql.rows("SELECT * FROM p")
    added = next(name for name in rows[0] if name not in of_source)
    sql("DROP TABLE p")
    return {row["id"]: row[added] for row in rows}


@every_method
def test_levels_are_those_of_training(t, method):
    """A table that has other values than those of training has as many, and one of them is not known."""
    train(t, method, "ln(x), c")
    whole = predictions(t, method, "t", "ln(x), c")
    t("CREATE VIEW v AS SELECT id, x, CASE id WHEN 9 THEN 'd' ELSE c END AS c FROM t WHERE c > 'a' OR id = 9")
    found = predictions(t, method, "v", "ln(x), c")
    unknown = found.pop(9)
    assert len(found) == 200
    assert found == {id_: whole[id_] for id_ in found}
    assert (unknown is None) == (method in TERMS)


@every_method
def test_the_order_is_that_of_training(t, method):
    train(t, method, "ln(x), y, c")
    for given in ("y, ln(x), c", "c, ln(x), y"):
        error = t.refuses(f"SELECT madlib.{method}_predict('m', 't', 'p', '{given}')")
        assert error.message == f"{method}_predict: the features are not in the order of training"
        assert "ln(x), y" in str(error.hint)
    t("CREATE VIEW v AS SELECT id, x AS other, y AS x, c FROM t")
    assert predictions(t, method, "v", "ln(other), x, c") == predictions(t, method, "t", "ln(x), y, c")


@pytest.mark.parametrize("method", COEFFICIENTS)
def test_an_array_in_another_order(t, method):
    train(t, method, "ln(x), id")
    wanted = predictions(t, method, "t", "ln(x), id")
    assert predictions(t, method, "t", "ARRAY[1, ln(x), id]") == wanted
    error = t.refuses(f"SELECT madlib.{method}_predict('m', 't', 'p', 'ARRAY[1, id, ln(x)]')")
    assert error.hint == "Give them as in training: (Intercept), ln(x), id."


@pytest.mark.parametrize("method", TERMS)
def test_a_text_column_of_another_name(t, method):
    train(t, method, "ln(x), c")
    t("CREATE VIEW v AS SELECT id, x, c AS other FROM t")
    error = t.refuses(f"SELECT madlib.{method}_predict('m', 'v', 'p', 'ln(x), other')")
    assert error.message == f'{method}_predict: the model has no text column "other" among its features'
