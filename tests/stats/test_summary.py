"""summary and column_summary against numpy, PostgreSQL's own aggregates and NIST."""

import numpy as np
import pytest

from tests.regr import nist

# Every column of a table of 20,000 rows, with NULLs, beside SQL that says the same exactly.
TABLE = """
    CREATE TABLE t AS
    SELECT i, CASE WHEN i % 10 > 0 THEN sqrt(i) - 50 END AS r, (i % 7)::smallint AS small, i % 13 / 4.0 AS n,
           CASE WHEN i % 4 > 0 THEN 'text ' || i % 100 ELSE repeat(' ', i % 3) END AS s, i % 2 = 0 AS b,
           timestamptz '2000-01-01 00:00 UTC' + i * interval '1 h' AS at, i % 3 AS g
    FROM generate_series(1, 20000) AS i
"""
# Counters of frequent values.  Each time they run out, the upper half loses the median: that many rows.
COUNTERS = 1536


def rank_errors(sample, found, wanted):
    """By how much of all rows each quantile in `found` misses its rank; 0 where a tie covers it."""
    ordered = np.sort(sample)
    low = np.searchsorted(ordered, found, side="left") / len(ordered)
    high = np.searchsorted(ordered, found, side="right") / len(ordered)
    return np.maximum(np.maximum(low - wanted, wanted - high), 0)


def column(sql, name, table="o"):
    (row,) = sql.rows(f"SELECT * FROM {table} WHERE target_column = '{name}'")
    return row


@pytest.fixture
def t(sql):
    sql(TABLE)
    return sql


def test_the_output_has_madlibs_columns(t, schema):
    (row,) = t.rows("SELECT * FROM madlib.summary('t', 'o')")
    assert (row["output_table"], row["num_col_summarized"], row["num_rows_processed"]) == (
        f"{schema}.o",
        8,
        20000,
    )
    assert t.rows("TABLE o_summary") == [row]
    assert t("SELECT target_column, column_number, data_type FROM o ORDER BY column_number") == [
        ("i", 1, "integer"),
        ("r", 2, "double precision"),
        ("small", 3, "smallint"),
        ("n", 4, "numeric"),
        ("s", 5, "text"),
        ("b", 6, "boolean"),
        ("at", 7, "timestamp with time zone"),
        ("g", 8, "integer"),
    ]
    names = list(column(t, "r"))
    assert names[:5] == ["group_by", "group_by_value", "target_column", "column_number", "data_type"]
    assert names[5:11] == [
        *("row_count", "distinct_values", "missing_values"),
        *("blank_values", "fraction_missing", "fraction_blank"),
    ]
    assert names[11:25] == [
        *("positive_values", "negative_values", "zero_values", "mean", "variance", "confidence_interval"),
        *("min", "max", "first_quartile", "median", "third_quartile", "quantile_array"),
        *("most_frequent_values", "mfv_frequencies"),
    ]


@pytest.mark.parametrize("name", ["i", "r", "small", "n"])
def test_a_column_of_numbers(t, name):
    t("SELECT madlib.summary('t', 'o', ntile_array => ARRAY[0, 0.01, 0.9, 1])")
    found = column(t, name)
    sample = np.array([float(x) for (x,) in t(f"SELECT {name} FROM t WHERE {name} IS NOT NULL")])
    assert (found["row_count"], found["missing_values"]) == (20000, 20000 - len(sample))
    assert (found["positive_values"], found["zero_values"], found["negative_values"]) == (
        (sample > 0).sum(),
        (sample == 0).sum(),
        (sample < 0).sum(),
    )
    np.testing.assert_allclose(found["mean"], sample.mean(), rtol=1e-13)
    np.testing.assert_allclose(found["variance"], sample.var(ddof=1), rtol=1e-13)
    half = 1.959963984540054 * (sample.var(ddof=1) / len(sample)) ** 0.5
    np.testing.assert_allclose(
        found["confidence_interval"], [sample.mean() - half, sample.mean() + half], rtol=1e-12
    )
    assert (found["min"], found["max"]) == (sample.min(), sample.max())
    quantiles = [found["first_quartile"], found["median"], found["third_quartile"], *found["quantile_array"]]
    wanted = [0.25, 0.5, 0.75, 0, 0.01, 0.9, 1]
    assert rank_errors(sample, quantiles, wanted).max() < found["quantile_error"] == 0.0018
    assert found["quantile_array"][::3] == [sample.min(), sample.max()]
    distinct = len(np.unique(sample))
    assert abs(found["distinct_values"] - distinct) <= 4 * found["distinct_error"] * distinct
    assert (found["distinct_error"] == 0) == (distinct < 1000)


def test_a_column_of_texts(t):
    t("SELECT madlib.summary('t', 'o', 's', how_many_mfv => 3)")
    found = column(t, "s")
    assert (found["min"], found["max"], found["mean"], found["median"]) == (0, 7, None, None)
    assert (found["blank_values"], found["fraction_blank"], found["distinct_values"]) == (5000, 0.25, 78)
    assert found["most_frequent_values"] == [" ", "  ", ""]
    assert (found["mfv_frequencies"], found["mfv_error"]) == ([1667, 1667, 1666], 0)


def test_a_column_of_times(t):
    t("SET timezone = 'UTC'")
    t("SELECT madlib.summary('t', 'o', 'at, at::date')")
    found = column(t, "at")
    assert (found["earliest"], found["latest"]) == ("2000-01-01 01:00:00+00", "2002-04-13 08:00:00+00")
    assert t("SELECT to_timestamp(min) = earliest::timestamptz, to_timestamp(max) = latest::timestamptz,"
             " abs(median - 946684800 - 3600 * 10000.5) < 0.0018 * 20000 * 3600 FROM o"
             " WHERE target_column = 'at'") == [(True, True, True)]  # fmt: skip
    found = column(t, "at::date")
    assert (found["earliest"], found["latest"], found["column_number"]) == ("2000-01-01", "2002-04-13", None)
    assert found["most_frequent_values"][0] == "2000-01-02"


def test_groups(t):
    (row,) = t.rows("SELECT * FROM madlib.summary('t', 'o', 'i, s', 'g, b')")
    assert (row["num_groups"], row["num_rows_processed"]) == (6, 20000)
    wrong = t.value(
        """
        SELECT count(*) FROM o JOIN (
            SELECT g, b, 'i' AS target_column, count(*) AS n, avg(i) AS mean, min(i) AS low
            FROM t GROUP BY g, b
        ) AS s USING (g, b, target_column)
        WHERE row_count = n AND abs(o.mean - s.mean) < 1e-9 AND min = low AND group_by = 'g, b'
            AND group_by_value = g || ', ' || b
        """
    )
    assert (wrong, t.value("SELECT count(*) FROM o")) == (6, 12)
    t("SELECT madlib.summary('t', 'p', 'i', 'g')")
    assert t("SELECT g, group_by, group_by_value FROM p ORDER BY g")[0] == (0, "g", "0")


def test_null_is_a_group_and_a_group_may_be_all_null(sql):
    sql("CREATE TABLE t AS SELECT * FROM (VALUES (NULL, 1), ('a', NULL), ('a', NULL)) AS v(g, x)")
    sql("SELECT madlib.summary('t', 'o', NULL, 'g')")
    assert sql(
        "SELECT g, group_by_value, row_count, missing_values, distinct_values, mean, min, median"
        " FROM o ORDER BY g"
    ) == [("a", "a", 2, 2, 0, None, None, None), (None, None, 1, 0, 1, 1.0, 1.0, 1.0)]


def test_an_empty_table(sql):
    sql("CREATE TABLE t (x float8, s text)")
    sql("SELECT madlib.summary('t', 'o')")
    assert sql(
        "SELECT target_column, row_count, missing_values, distinct_values, mean, min FROM o ORDER BY 1"
    ) == [
        ("s", 0, 0, 0, None, None),
        ("x", 0, 0, 0, None, None),
    ]
    sql("SELECT madlib.summary('t', 'p', 'x', 's')")
    assert sql("SELECT * FROM p") == []


def test_what_is_not_wanted_is_null(t):
    t("SELECT madlib.summary('t', 'o', 'i, s', NULL, false, false, NULL, 0)")
    assert t("SELECT DISTINCT distinct_values, distinct_error, median, quantile_array, most_frequent_values"
             " FROM o") == [(None,) * 5]  # fmt: skip
    t("SELECT madlib.summary('t', 'p', 'small', get_quartiles => false, ntile_array => ARRAY[0.5])")
    assert t("SELECT median, quantile_array FROM p") == [(None, [3.0])]


@pytest.mark.parametrize("groups", ["NULL", "'g'", "'b, g'"])
def test_no_estimates(t, groups):
    t(f"SELECT madlib.summary('t', 'o', 'i, r, n, s, at', {groups}, ntile_array => ARRAY[0.1],"
      " get_estimates => false)")  # fmt: skip
    keys = groups.strip("'").replace("NULL", "")
    for name in ("r", "n"):
        wanted = t(
            f"SELECT count(DISTINCT {name}), percentile_cont(0.5) WITHIN GROUP (ORDER BY {name}),"
            f" ARRAY[percentile_cont(0.1) WITHIN GROUP (ORDER BY {name})], count({name}) FROM t"
            + (f" GROUP BY {keys} ORDER BY {keys}" if keys else "")
        )
        found = t(
            "SELECT distinct_values, median, quantile_array, row_count - missing_values FROM o"
            f" WHERE target_column = '{name}'" + (f" ORDER BY {keys}" if keys else "")
        )
        assert found == wanted
    assert t("SELECT DISTINCT distinct_error, mfv_error FROM o") == [(0, 0)]
    assert t("SELECT DISTINCT quantile_error FROM o WHERE target_column <> 's'") == [(0,)]


def test_exact_figures_of_a_group_without_values(sql):
    sql("CREATE TABLE t AS SELECT i % 2 AS g, nullif(i % 2, 0) AS x FROM generate_series(1, 10) AS i")
    sql("SELECT madlib.summary('t', 'o', 'x', 'g', get_estimates => false)")
    figures = "distinct_values, distinct_error, mfv_error, quantile_error, mfv_frequencies"
    assert sql(f"SELECT {figures} FROM o ORDER BY g") == [(0, 0, 0, 0, None), (1, 0, 0, 0, [5])]


def test_it_does_the_same_on_types_without_an_order(sql):
    sql("CREATE TABLE t AS SELECT json_build_array(i % 3) AS j, point(i % 2, 0) AS p, ARRAY[i % 5] AS a"
        " FROM generate_series(1, 60) AS i")  # fmt: skip
    sql("SELECT madlib.summary('t', 'o'), madlib.summary('t', 'e', get_estimates => false)")
    for table in ("o", "e"):
        assert sql(f"SELECT target_column, distinct_values, mfv_frequencies[1] FROM {table} ORDER BY 1") == [
            ("a", 5, 12),
            ("j", 3, 20),
            ("p", 2, 30),
        ]
    assert column(sql, "j")["most_frequent_values"] == ["[0]", "[1]", "[2]"]


@pytest.mark.parametrize(
    ("name", "digits"), [("Michelso", (13, 13)), ("NumAcc3", (13, 9))]
)  # the data of NumAcc3 differ in their last digit, which is rounded before it arrives
def test_nist(sql, load, name, digits):
    values, mean, deviation = nist.univariate(name)
    load(y=values)
    sql("SELECT madlib.summary('t', 'o')")
    found = column(sql, "y")
    assert abs(found["mean"] / mean - 1) < 10.0 ** -digits[0]
    assert abs(found["stddev"] / deviation - 1) < 10.0 ** -digits[1]


@pytest.mark.parametrize(
    ("values", "mean", "low", "high", "median"),
    [
        ("1, 'NaN', 3", "NaN", 1, "NaN", 3),
        ("1, 'Infinity', 3", "Infinity", 1, "Infinity", 3),
        ("'-Infinity', 'Infinity'", "NaN", "-Infinity", "Infinity", "NaN"),
        ("'NaN', 'NaN'", "NaN", "NaN", "NaN", "NaN"),
        ("'-Infinity'", "-Infinity", "-Infinity", "-Infinity", "-Infinity"),
        ("1e300, 1e300", 1e300, 1e300, 1e300, 1e300),
        ("5", 5, 5, 5, 5),
    ],
)
def test_special_values_as_postgresql_has_them(sql, values, mean, low, high, median):
    numbers = f"unnest(ARRAY[{values}]::float8[])"
    found = sql(f"SELECT (s).mean, (s).min, (s).max, (s).quantile_array[2] FROM"
                f" (SELECT madlib.column_summary(x) AS s FROM {numbers} AS x) AS q")  # fmt: skip
    assert [str(x) for x in found[0]] == [str(float(x)) for x in (mean, low, high, median)]


def test_a_range_too_large_to_be_squared(sql):
    assert sql("SELECT (s).variance, (s).mean FROM (SELECT madlib.column_summary(x) AS s FROM"
               " unnest(ARRAY[1e200, 3e200]::float8[]) AS x) AS q") == [(float("inf"), 2e200)]  # fmt: skip
    assert sql("SELECT (s).variance, (s).stddev FROM (SELECT madlib.column_summary(1) AS s) AS q") == [
        (None, None)
    ]


def test_differences_too_small_to_be_squared(sql):
    """Their variance is not known, rather than 0."""
    figures = "(s).mean, (s).min, (s).variance, (s).stddev, (s).confidence_interval"
    query = (
        f"SELECT {figures} FROM (SELECT madlib.column_summary(x) AS s FROM unnest({{}}::float8[]) AS x) AS q"
    )
    assert sql(query.format("ARRAY[1e-300, 3e-300]")) == [(2e-300, 1e-300, None, None, None)]
    assert sql(query.format("ARRAY[1e-300, 1e-300]"))[0][2:] == (0.0, 0.0, [1e-300, 1e-300])
    ((_, _, _, deviation, _),) = sql(query.format("ARRAY[1e-130, 3e-130]"))
    assert deviation == pytest.approx(2**0.5 * 1e-130, rel=1e-15)


def test_frequent_values_among_many(sql):
    """Every value that is more frequent than the error is there, and no count is too high or off by more."""
    sql("CREATE TABLE t AS SELECT floor(2000000 / i)::int AS v FROM generate_series(1, 200000) AS i")
    for kind in ("int", "float8", "numeric", "text", "bytea"):
        value = f"v::{kind}" if kind != "bytea" else "v::text::bytea"
        state = f"madlib.column_summary_state({value})"
        (row,) = sql.rows(
            f"SELECT (s).* FROM (SELECT madlib.column_summary_of({state}, '{{}}', 1000) AS s FROM t) AS q"
        )
        true = dict(sql(f"SELECT ({value})::text, count(*) FROM t GROUP BY 1"))
        error = row["mfv_error"]
        assert 0 < error <= 2 * 200000 / COUNTERS
        assert len(row["most_frequent_values"]) > 20
        for text, count in zip(row["most_frequent_values"], row["mfv_frequencies"], strict=True):
            assert true[text] - error <= count <= true[text]
        clear = [text for text, count in true.items() if count > 2 * error]
        assert set(clear) <= set(row["most_frequent_values"])


def test_long_texts_are_known_whole_and_shown_cut(sql):
    sql("CREATE TABLE t AS SELECT repeat('é', 300) || i % 3 AS s FROM generate_series(1, 30) AS i")
    sql("SELECT madlib.summary('t', 'o')")
    found = column(sql, "s")
    assert (found["distinct_values"], found["min"]) == (3, 301)
    assert found["most_frequent_values"] == ["é" * 62 + "..."] * 3


def test_bigints_keep_every_digit(sql):
    big = 2**62 + 1
    row = sql.rows(f"SELECT (madlib.column_summary(x)).* FROM unnest(ARRAY[{big}, {big}, {big - 1}]) AS x")[0]
    assert (row["distinct_values"], row["most_frequent_values"]) == (2, [str(big), str(big - 1)])


@pytest.mark.parametrize("value", ["i", "sqrt(i)", "i::numeric / 7", "md5((i % 5000)::text)", "i % 2 = 0"])
def test_parts_and_parallel_workers_agree(sql, value):
    sql(f"CREATE TABLE t AS SELECT i, {value} AS v FROM generate_series(1, 30000) AS i")
    query = "SELECT (s).* FROM (SELECT madlib.column_summary(v) AS s FROM t) AS q"
    alone = sql.rows(query)[0]
    sql(
        "ALTER TABLE t SET (parallel_workers = 2); SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0;"
        " SET min_parallel_table_scan_size = 0"
    )
    assert "Partial Aggregate" in str(sql(f"EXPLAIN {query}"))
    states = "SELECT madlib.column_summary_state(v) AS s FROM t GROUP BY i % 7"
    merged = f"SELECT madlib.column_summary_of(madlib.column_summary_merge(s)) AS s FROM ({states}) AS p"
    for other in (sql.rows(query)[0], sql.rows(f"SELECT (s).* FROM ({merged}) AS q")[0]):
        for name in ("row_count", "missing_values", "distinct_values", "min", "max", "positive_values"):
            assert other[name] == alone[name], name
        if alone["mean"] is not None:
            assert other["mean"] == pytest.approx(alone["mean"], rel=1e-15)
            assert other["variance"] == pytest.approx(alone["variance"], rel=1e-14)
            ranks = "SELECT (count(*) FILTER (WHERE v < {})) / 30000.0 FROM t"
            for fraction, quantile in zip((0.25, 0.5, 0.75), other["quantile_array"], strict=True):
                assert abs(float(sql.value(ranks.format(quantile))) - fraction) < 0.0018


def test_a_window_leaves_the_state_as_it_was(sql):
    found = sql("SELECT (madlib.column_summary(i) OVER (ORDER BY i)).mean FROM generate_series(1, 300) AS i")
    assert found == [((i + 1) / 2,) for i in range(1, 301)]


def test_states_of_different_columns_do_not_merge(sql):
    for one, other in (("1", "'a'::text"), ("1", "1.5"), ("1, 7", "1, 3")):
        error = sql.fails(
            "SELECT madlib.column_summary_merge(s) FROM (SELECT madlib.column_summary_state"
            f"({one}) AS s UNION ALL SELECT madlib.column_summary_state({other})) AS t"
        )
        assert (error.sqlstate, error.message) == (
            "42804",
            "states of column_summary are of different types",
        )


@pytest.mark.parametrize("estimates", [True, False])
def test_verbose(t, estimates, schema):
    t(f"SELECT madlib.summary('t', 'o', 'r, s', 'g', get_estimates => {estimates}, verbose => true)")
    said = [notice.message for notice in t.notices if notice.severity == "INFO"]
    assert said[0] == f"summary: r, s, from {schema}.t"
    assert said[1:-1] == ([] if estimates else ["summary: counting r", "summary: counting s"])
    assert said[-1] == "summary: 3 group(s), 20000 rows"
    t("SELECT madlib.summary('t', 'p', 'r, s')")
    assert t.notices == []
