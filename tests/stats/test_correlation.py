"""correlation and covariance against numpy and exact arithmetic."""

from fractions import Fraction

import numpy as np
import pytest

NAMES = ("a", "b", "c")


@pytest.fixture
def sample(load):
    """A function: 200 rows with means `mean` standard deviations from zero, loaded as t; the values."""

    def make(mean: float) -> np.ndarray:
        values = np.random.default_rng(7).normal(mean, 1, (200, 3))
        values[:, 2] += values[:, 0]
        load(**{name: column.tolist() for name, column in zip(NAMES, values.T, strict=True)})
        return values

    return make


def lower(sql, table="o"):
    rows = sql(f"SELECT a, b, c FROM {table} ORDER BY column_position")
    return np.array([[np.nan if x is None else x for x in row] for row in rows])


def exact_covariance(x, y) -> Fraction:
    x, y = [Fraction(v) for v in x], [Fraction(v) for v in y]
    n = len(x)
    return (n * sum(a * b for a, b in zip(x, y, strict=True)) - sum(x) * sum(y)) / (n * (n - 1))


@pytest.mark.parametrize("mean", [0, 1e3, 1e8, 1e12])
@pytest.mark.parametrize("method", ["correlation", "covariance"])
def test_it_is_what_exact_arithmetic_gives(sql, sample, method, mean):
    values = sample(mean)
    sql(f"SELECT madlib.{method}('t', 'o')")
    found = lower(sql)
    for i in range(3):
        for j in range(3):
            if j > i:
                assert np.isnan(found[i, j])
                continue
            wanted = exact_covariance(values[:, i], values[:, j])
            if method == "correlation":
                spread = [float(exact_covariance(values[:, k], values[:, k])) ** 0.5 for k in (i, j)]
                wanted = float(wanted) / spread[0] / spread[1]
            assert abs(found[i, j] - float(wanted)) <= (1e-14 if mean > 1e6 else 4e-16)


@pytest.mark.parametrize("mean", [0, 1e3])
def test_numpy_agrees(sql, sample, mean):
    values = sample(mean)
    sql("SELECT madlib.correlation('t', 'o'), madlib.covariance('t', 'v')")
    triangle = np.tril_indices(3)
    np.testing.assert_allclose(lower(sql)[triangle], np.corrcoef(values.T)[triangle], rtol=0, atol=1e-14)
    np.testing.assert_allclose(lower(sql, "v")[triangle], np.cov(values.T)[triangle], rtol=0, atol=1e-14)
    means = sql.value("SELECT mean_vector FROM o_summary")
    np.testing.assert_allclose(means, values.mean(axis=0), rtol=1e-14)


def test_the_tables_have_madlibs_columns(sql, sample, schema):
    sample(0)
    (row,) = sql.rows("SELECT * FROM madlib.correlation('t', 'o', 'c, a')")
    assert sql("SELECT * FROM o ORDER BY column_position")[0][:4] == (1, "c", 1.0, None)
    names = [column for (column,) in sql("SELECT attname FROM pg_attribute WHERE attrelid = 'o'::regclass"
                                         " AND attnum > 0 ORDER BY attnum")]  # fmt: skip
    assert names == ["column_position", "variable", "c", "a"]
    (summary,) = sql.rows("TABLE o_summary")
    assert summary == row
    assert (row["method"], row["source_table"], row["output_table"]) == (
        "correlation",
        f"{schema}.t",
        f"{schema}.o",
    )
    assert (row["column_names"], row["total_rows_processed"]) == (["c", "a"], 200)
    assert row["matrix"] == [[1.0, row["matrix"][1][0]], [row["matrix"][1][0], 1.0]]


def test_every_column_of_numbers_and_expressions(sql):
    sql("CREATE TABLE t AS SELECT i, i::numeric AS n, 'x' AS s, sqrt(i) AS r, i % 2 = 0 AS b"
        " FROM generate_series(1, 9) AS i")  # fmt: skip
    for target_cols in ("'*'", "NULL", "''"):
        sql(f"SELECT madlib.correlation('t', 'o', {target_cols})")
        assert sql("SELECT variable FROM o ORDER BY column_position") == [("i",), ("n",), ("r",)]
        sql("DROP TABLE o, o_summary")
    sql("SELECT madlib.correlation('t', 'o', 'i, i * i, b')")
    assert sql('SELECT variable, "i * i" IS NULL, i < 0 FROM o WHERE column_position > 1 ORDER BY 1') == [
        ("b", False, False),
        ("i * i", False, False),
    ]


def test_rows_with_a_null_are_left_out(sql, load):
    load(x=[1.0, 2.0, None, 4.0, 9.0], y=[2.0, 1.0, 5.0, None, 3.0])
    sql("SELECT madlib.covariance('t', 'o')")
    assert sql("SELECT num_rows_processed, num_missing_rows_skipped, mean_vector FROM o_summary") == [
        (3, 2, [4.0, 2.0])
    ]
    assert sql("SELECT x FROM o ORDER BY column_position") == [(19.0,), (3.5,)]


def test_groups(sql, load):
    load(
        g=["a"] * 4 + [None] * 3 + ["one"] + ["empty"],
        x=[1.0, 2, 3, 4, 1, 2, 3, 5, None],
        y=[1.0, 3, 2, 4, 3, 2, 1, 5, 1],
    )
    (row,) = sql.rows("SELECT * FROM madlib.correlation('t', 'o', '*', false, 'g')")
    assert (row["num_groups"], row["num_rows_processed"], row["num_missing_rows_skipped"]) == (4, 8, 1)
    assert sql.notices[-1].message == "constant, and so without correlations: x (in 1 of 4 groups), " \
        "y (in 1 of 4 groups)"  # fmt: skip
    assert sql("SELECT g, variable, x, y FROM o WHERE column_position = 2 ORDER BY g") == [
        ("a", "y", 0.8, 1.0),
        ("empty", "y", None, None),
        ("one", "y", None, None),
        (None, "y", -1.0, 1.0),
    ]
    assert sql("SELECT g, mean_vector, total_rows_processed FROM o_summary ORDER BY g") == [
        ("a", [2.5, 2.5], 4),
        ("empty", None, 0),
        ("one", [5.0, 5.0], 1),
        (None, [2.0, 2.0], 3),
    ]


@pytest.mark.parametrize("memory", ["0", "256MB"])
def test_many_groups_by_both_feeds(sql, memory):
    sql("CREATE TABLE t AS SELECT i % 4000 AS g, sin(i) AS x, cos(i) AS y FROM generate_series(1, 12000) i;"
        " ANALYZE t")  # fmt: skip
    sql(f"SET madpy.store_memory = '{memory}'")
    sql("SELECT madlib.covariance('t', 'o', 'x, y', false, 'g')")
    wrong = sql.value(
        "SELECT count(*) FROM o JOIN (SELECT g, covar_samp(x, y) AS c FROM t GROUP BY g) AS s USING (g)"
        " WHERE column_position = 2 AND abs(x - c) > 1e-14"
    )
    assert (wrong, sql.value("SELECT count(*) FROM o")) == (0, 8000)


def test_a_constant_has_no_correlations(sql, load):
    load(x=[1.0, 2.0, 3.0], one=[0.1, 0.1, 0.1])
    sql("SELECT madlib.correlation('t', 'o')")
    assert [notice.message for notice in sql.notices] == ["constant, and so without correlations: one"]
    assert sql("SELECT x, one FROM o ORDER BY column_position") == [(1.0, None), (None, None)]
    sql("SELECT madlib.covariance('t', 'v')")
    assert sql("SELECT x, one FROM v ORDER BY column_position") == [(1.0, None), (0.0, 0.0)]


def test_quoted_names(sql):
    sql(
        'CREATE TABLE "My ""T""" AS SELECT i AS "a b", -i AS "x"") --", i % 2 AS "Variable"'
        " FROM generate_series(1, 5) AS i"
    )
    sql('SELECT madlib.correlation($$"My ""T"""$$, $$"The O"$$, $$*$$, false, $$"Variable"$$)')
    assert sql('SELECT "a b" FROM "The O" WHERE column_position = 2') == [(-1.0,), (-1.0,)]


@pytest.mark.parametrize("name", ["kernel state", "the matrix", "rows used", "used", "means", "entries"])
def test_groups_named_as_what_is_computed(sql, name):
    sql(f'CREATE TABLE t AS SELECT i % 2 AS "{name}", i AS a, i * i AS b FROM generate_series(1, 9) AS i')
    sql(f"SELECT madlib.correlation('t', 'o', 'a, b', false, '\"{name}\"')")
    assert sql(f'SELECT "{name}", num_rows_processed FROM o_summary ORDER BY 1') == [(0, 4), (1, 5)]
    assert sql.value(f'SELECT count(DISTINCT "{name}") FROM o') == 2


def test_aggregates_merge_and_agree_with_the_driver(sql, sample):
    sample(5)
    sql("SELECT madlib.correlation('t', 'o'), madlib.covariance('t', 'v')")
    vector = "ARRAY[a, b, c]"
    assert sql.value(f"SELECT madlib.correlation_agg({vector}) FROM t") == sql.value(
        "SELECT matrix FROM o_summary"
    )
    parts = f"SELECT madlib.column_moments_state({vector}) AS s FROM t GROUP BY a < 5, b < 4.5"
    merged = sql.value(f"SELECT madlib.column_covariance(madlib.column_moments_merge(s)) FROM ({parts}) AS p")
    np.testing.assert_allclose(merged, sql.value("SELECT matrix FROM v_summary"), rtol=1e-15)
    assert sql(
        "SELECT madlib.correlation_agg(ARRAY[a]), madlib.covariance_agg(NULL) FROM t WHERE a > 99"
    ) == [(None, None)]


def test_a_parallel_plan(sql):
    sql("CREATE TABLE t AS SELECT sin(i) AS x, cos(i) AS y FROM generate_series(1, 30000) AS i;"
        " ALTER TABLE t SET (parallel_workers = 2); SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0;"
        " SET min_parallel_table_scan_size = 0")  # fmt: skip
    query = "SELECT madlib.__column_moments_columns(x, y) FROM t"
    assert "Partial Aggregate" in str(sql(f"EXPLAIN {query}"))
    matrix = sql.value(f"SELECT madlib.column_correlation(s) FROM ({query}) AS q(s)")
    assert abs(matrix[0][1] - sql.value("SELECT corr(x, y) FROM t")) < 1e-15
