"""Models are the same, whatever the order of rows, the workers and the groups beside it."""

import hashlib

import numpy as np
import pytest

from tests.boost.conftest import call

QUERY = "SELECT model, loss, validation_loss, gain_importance FROM m_summary"


def rows(n=40000, seed=0):
    rng = np.random.default_rng(seed)
    X = np.round(rng.normal(size=(n, 4)), 1)
    X[rng.random(X.shape) < 0.1] = np.nan
    return X, np.nan_to_num(X[:, 0]) + np.nan_to_num(X[:, 1]) ** 2 + rng.normal(size=n)


def trained(sql, table, features="x0, x1, x2, x3, c", **options):
    """Return the model of a call, and its figures."""
    sql(call(features, source=table, num_rounds=6, **options))
    ((model, *figures),) = sql(QUERY)
    sql("DROP TABLE m, m_summary")
    return hashlib.sha256(model).hexdigest(), figures


TARGETS = {
    "two classes": {"target": "(y > 0)"},
    "classes": {"target": "floor(least(greatest(y, -1), 2))", "objective": "multiclass"},
    "numbers": {},
    "weights": {"weights": "w", "target": "(y > 0)"},
    "drawn": {"subsample": 0.4, "num_features": 3, "validation": "0.2"},
    "medians": {"objective": "absolute", "validation": "c = 'a'"},
}


@pytest.fixture
def tables(sql, load_matrix):
    """Tables t, and u with the same rows in another order."""
    X, y = rows()
    load_matrix(X, y, w=np.random.default_rng(1).uniform(0, 3, len(y)).tolist(), c=list("abcde" * 8000))
    sql("UPDATE t SET x0 = NULLIF(x0, 'NaN'), x1 = NULLIF(x1, 'NaN')")
    sql("CREATE TABLE u AS SELECT * FROM t ORDER BY md5(id::text)")


@pytest.mark.parametrize("options", TARGETS.values(), ids=TARGETS)
def test_the_order_of_rows_and_the_workers(sql, tables, options):
    """To the last bit; tasks go to workers as soon as there are any rows."""
    sql("SET max_parallel_workers_per_gather = 0")
    alone = trained(sql, "t", **options)
    assert trained(sql, "u", **options) == alone
    sql("SET min_parallel_table_scan_size = 0")
    for workers in (1, 2, 7):
        sql(f"SET max_parallel_workers_per_gather = {workers}")
        assert trained(sql, "u", **options) == alone


def test_a_large_group_is_trained_by_workers_together(sql, load_matrix):
    """A million codes are enough: sums of parts of the rows are exact, so the model has the same bits."""
    X, y = rows(210_000)
    features = load_matrix(X, y)
    sql("SET max_parallel_workers_per_gather = 0")
    alone = trained(sql, "t", features + ", id", target="(y > 0)")
    for workers in (1, 2, 7):
        sql(f"SET max_parallel_workers_per_gather = {workers}")
        assert trained(sql, "t", features + ", id", target="(y > 0)") == alone


def test_a_group_is_as_if_it_were_alone(sql, tables):
    sql("CREATE VIEW few AS SELECT * FROM t WHERE c IN ('b', 'd')")
    sql(call("x0, x1, x2, x3", source="few", grouping_cols="c", num_rounds=7))
    figures = "loss, gain_importance, num_leaves, model"
    grouped = {c: rest for c, *rest in sql(f"SELECT c, {figures} FROM m_summary")}
    assert grouped.keys() == {"b", "d"}
    for group in grouped:
        sql(f"CREATE VIEW one_{group} AS SELECT * FROM t WHERE c = '{group}'")
        sql(call("x0, x1, x2, x3", source=f"one_{group}", output="o", num_rounds=7))
        assert sql(f"SELECT {figures} FROM o_summary") == [tuple(grouped[group])]
        sql("DROP TABLE o, o_summary")
