"""The one read: classes and values of categories are numbered as they come, wherever rows are counted."""

import pytest

from tests.nb.conftest import call

ROWS = """
    CREATE TABLE t AS
    SELECT chr(97 + i * 7 % 5) AS y, sin(i) AS a, NULLIF('v' || i * i % 90, 'v0') AS b, i % 3 = 0 AS c,
           (i * 31 % 17)::smallint AS d, i % 4 AS g
    FROM generate_series(1, 5000) AS i
"""
FIGURES = "SELECT class, feature, value, probability, count, round(mean::numeric, 12) FROM {}"


def test_a_source_is_read_once(sql, nb):
    sql(ROWS)
    read = "SELECT seq_tup_read FROM pg_stat_xact_user_tables WHERE relid = 't'::regclass"
    sql("SET max_parallel_workers_per_gather = 0; BEGIN")
    before = sql.value(read)
    nb("a, b, c, d", categorical_cols="d", grouping_cols="g")
    assert sql.value(read) - before == 5000


@pytest.mark.parametrize("groups", ["", "g"])
def test_parallel_workers_number_values_each_for_itself(sql, nb, groups):
    sql(ROWS)
    sql("SET max_parallel_workers_per_gather = 0")
    nb("a, b, c, d", categorical_cols="d", grouping_cols=groups)
    sql("SET max_parallel_workers_per_gather = 2; SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0")
    sql("SET min_parallel_table_scan_size = 0")
    sql(call("a, b, c, d", output="n", categorical_cols="d", grouping_cols=groups))
    figures = FIGURES if not groups else FIGURES.replace("SELECT", "SELECT g,")
    sql("SET max_parallel_workers_per_gather = 0")  # rows in the order of the tables
    assert sql(figures.format("m")) == sql(figures.format("n")) != []


def test_as_many_columns_as_an_aggregate_does_not_take(sql, nb):
    """Then values are found first, and the model is the same."""
    sql(ROWS)
    nb("a, b, c, d", categorical_cols="d")
    more = ", ".join(f"a + {i}" for i in range(100))
    sql(call(f"a, b, c, d, {more}", output="n", categorical_cols="d"))
    assert sql(FIGURES.format("m")) == sql(FIGURES.format("n WHERE feature IN ('a', 'b', 'c', 'd')"))


@pytest.mark.parametrize("feed", ["streaming", "store"])
def test_both_zeros_are_one_value(sql, nb, feed):
    groups = "" if feed == "streaming" else "g"
    sql("CREATE TABLE t AS SELECT (ARRAY['0', '-0', '1'])[1 + i % 3]::float8 AS y, i::float8 AS a, i / 6 AS g"
        " FROM generate_series(0, 29999) AS i; ANALYZE t")  # fmt: skip
    row = nb("a, y", categorical_cols="y", grouping_cols=groups)
    assert (row["classes"], row["num_missing_rows_skipped"]) == (["0", "1"], 0)
    sql("SELECT madlib.nb_predict('m', 't', 'p')")
    assert sql.value("SELECT count(*) FROM p WHERE prediction <> y OR prediction IS NULL") == 0


def test_values_are_in_the_order_of_their_type(sql, nb):
    sql(
        "CREATE TYPE size AS ENUM ('small', 'large'); CREATE DOMAIN code AS varchar(9);"
        "CREATE TABLE t AS SELECT i % 2 AS y, (ARRAY['b', 'A', 'a'])[1 + i % 3] COLLATE \"C\" AS c,"
        " (ARRAY['large', 'small'])[1 + i % 2]::size AS e, (ARRAY[10, 9.0, -1])[1 + i % 3]::numeric AS n,"
        " (ARRAY['x', 'wide'])[1 + i % 2]::char(4) AS f, (ARRAY['z', 'k'])[1 + i % 2]::code AS d,"
        " 100 - i % 3 * 9::bigint AS i FROM generate_series(1, 12) AS i"
    )
    nb("c, e, n, f, d, i", categorical_cols="n, i")
    rows = sql(
        "SELECT feature, array_agg(value ORDER BY ctid) FROM m WHERE class = '0' GROUP BY 1 ORDER BY 1"
    )
    assert rows == [
        ("c", ["A", "a", "b"]),
        ("d", ["k", "z"]),
        ("e", ["small", "large"]),
        ("f", ["wide", "x"]),
        ("i", ["82", "91", "100"]),
        ("n", ["-1", "9", "10"]),
    ]


def test_more_rows_than_a_block_with_a_new_value_in_each(sql, nb):
    """Space for values grows as they come; it does not show."""
    sql("CREATE TABLE t AS SELECT i % 700 AS y, i AS k FROM generate_series(1, 1400) AS i")
    row = nb("k", categorical_cols="k")
    assert len(row["classes"]) == 700
    assert sql("SELECT sum(count), count(*) FILTER (WHERE count > 0) FROM m") == [(1400, 1400)]


def test_a_key_among_the_categories(sql):
    """Noticed in the pass, before all of it is kept."""
    sql("CREATE TABLE t AS SELECT i % 2 AS y, i AS a, 'key' || i AS k FROM generate_series(1, 150000) AS i")
    error = sql.fails(call("a, k"))
    assert (error.sqlstate, error.message) == (
        "54000",
        'nb_train: feature "k" has more than 100000 distinct values',
    )
    assert error.hint == "Group them first, or leave it out: it may be a name or a key."
    error = sql.fails(call("a", target="k"))
    assert error.message == "nb_train: the target has more than 1000 distinct values"


def test_types_that_cannot_be_counted(sql):
    error = sql.fails("SELECT madlib.__nb_coded_columns(1.5, '{9,9}', 1::float8)")
    assert error.message == "argument 1 must be of type double precision, text, bigint or boolean"
    error = sql.fails(
        "SELECT madlib.__nb_coded_columns(i::bigint, NULL, i::float8) FROM generate_series(1, 999) AS i"
    )
    assert error.message == "limits must be two numbers"
