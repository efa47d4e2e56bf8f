"""Categories that an aggregate looks up in levels it is given, and levels that an aggregate finds."""

import struct

import pytest

from madpy.ports.postgres.layouts.known import (
    KNOWN_ALL_INDICATORS,
    KNOWN_CODES,
    KNOWN_INDICATORS,
    KNOWN_MAGIC,
)
from madpy.ports.postgres.scan.levels import packed_levels
from madpy.ports.postgres.session.sql import literal

ROWS = """
    CREATE TABLE t AS
    SELECT i, (ARRAY['b', 'a', 'c', NULL])[1 + i % {cycle}] AS f, sin(i) AS x, (i % 3)::float8 AS y
    FROM generate_series(1, {rows}) AS i
"""


def levels(*known, seen=KNOWN_INDICATORS):
    return literal(packed_levels(known, seen))


def both(sql, given, columns, kernel="moments"):
    """The state over values as they are, and over columns of numbers."""
    looked_up = f"madlib.__{kernel}_columns(y, {given}, 1::float8, f, x)"
    return sql(f"SELECT {looked_up}, madlib.__{kernel}_columns(y, 1::float8, {columns}, x) FROM t")[0]


@pytest.mark.parametrize("rows", [1, 5, 127, 128, 1000, 5000])
def test_counts_are_those_of_indicators(sql, rows):
    """Sums of whole numbers are the same to the bit; the head of a state has the rows used and skipped."""
    sql(ROWS.format(rows=rows, cycle=4))
    sql("UPDATE t SET x = 1")
    given = levels(None, ["a", "b", "c"], None)
    looked_up, computed = both(sql, given, "(f = 'b')::int::float8, (f = 'c')::int::float8")
    assert looked_up == computed


def test_indicators_of_all_levels(sql):
    sql(ROWS.format(rows=1000, cycle=4))
    sql("UPDATE t SET x = 1")
    given = levels(None, ["a", "b", "c"], None, seen=KNOWN_ALL_INDICATORS)
    looked_up, computed = both(sql, given, ", ".join(f"(f = '{f}')::int::float8" for f in "abc"))
    assert looked_up == computed


def test_a_value_that_is_not_a_level_is_null(sql):
    sql(ROWS.format(rows=100, cycle=3))
    given = levels(None, ["a", "b"], None)
    looked_up, computed = both(sql, given, "CASE WHEN f <> 'c' THEN (f = 'b')::int::float8 END")
    assert looked_up == computed


def test_codes_are_places_among_the_levels(sql):
    sql(ROWS.format(rows=100, cycle=3))
    given = levels(None, ["c", "a", "b"], None, seen=KNOWN_CODES)
    looked_up, computed = both(sql, given, "CASE f WHEN 'c' THEN 0 WHEN 'a' THEN 1 ELSE 2 END::float8")
    assert looked_up == computed


def test_each_column_is_compared_by_its_own_collation_and_type(sql):
    sql("CREATE COLLATION no_case (provider = icu, locale = 'und-u-ks-level2', deterministic = false)")
    sql("CREATE TYPE mood AS ENUM ('sad', 'glad'); CREATE DOMAIN feeling AS mood")
    sql(
        """
        CREATE TABLE t (one text COLLATE no_case, two text, three feeling, four boolean, y float8);
        INSERT INTO t VALUES ('A', 'A', 'glad', true, 1), ('a', 'a', 'sad', false, 1),
            ('b', 'a', 'glad', true, 0)
        """
    )
    given = levels(["a", "b"], ["A", "a"], ["sad", "glad"], ["false", "true"], seen=KNOWN_CODES)
    looked_up, computed = sql(
        f"""
        SELECT madlib.__moments_columns(y, {given}, one, two, three, four),
               madlib.__moments_columns(y, (one = 'b')::int::float8, (two = 'a')::int::float8,
                                        (three::mood = 'glad')::int::float8, four::int::float8)
        FROM t
        """
    )[0]
    assert looked_up == computed


def test_parallel_workers_send_rows_that_wait(sql):
    sql(ROWS.format(rows=30000, cycle=4))
    sql("UPDATE t SET x = 1")
    sql(
        "ALTER TABLE t SET (parallel_workers = 2); SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0;"
        " SET min_parallel_table_scan_size = 0"
    )
    given = levels(None, ["a", "b", "c"], None)
    looked_up, computed = both(sql, given, "(f = 'b')::int::float8, (f = 'c')::int::float8")
    assert looked_up == computed


def packed(*numbers):
    return literal(struct.pack(f"<I{len(numbers)}i", KNOWN_MAGIC, *numbers))


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("''::bytea", "these levels of categories are damaged"),
        (packed(2, 1, -1), "these levels of categories are damaged"),
        (packed(2, 1, -1, 2), "these levels of categories are damaged"),
        (packed(2, 1, -1, 1, 2**31 - 1), "these levels of categories are damaged"),
        (packed(2, 1, -1, -2), "these levels of categories are damaged"),
        (packed(2, 7, -1, -1), "these levels of categories are damaged"),
        (packed(2, 1, -1, 0, 0), "these levels of categories are damaged"),
        (packed(1, 1, 0), "levels of 1 columns do not fit 2 features"),
        (levels(None, None), "argument 4 must be of type double precision"),
        ("NULL::bytea", "levels must be a constant"),
        ("f::bytea", "levels must be a constant"),
    ],
)
def test_levels_that_do_not_fit(sql, given, message):
    sql(ROWS.format(rows=10, cycle=3))
    error = sql.fails(f"SELECT madlib.__moments_columns(y, {given}, x, f) FROM t")
    assert error.message == message


def test_levels_come_in_the_order_of_rows_and_stop_behind_the_most(sql):
    sql(
        "CREATE TABLE t AS SELECT i, CASE WHEN i % 7 > 0 THEN 'v' || i % 7 END AS f"
        " FROM generate_series(1, 99) AS i"
    )
    assert sql.value("SELECT madlib.__levels(10, f ORDER BY i) FROM t") == [
        "v1",
        "v2",
        "v3",
        "v4",
        "v5",
        "v6",
    ]
    assert sql.value("SELECT madlib.__levels(2, f ORDER BY i) FROM t") == ["v1", "v2", "v3"]
    assert sql.value("SELECT madlib.__levels(2, f) FROM t WHERE f IS NULL") == []


@pytest.mark.parametrize(
    "item", ["i % 7", "(i % 7)::numeric", "i % 2 = 0", "f", "'v' || i % 7", "(i % 3)::float8"]
)
def test_parallel_levels_are_those_of_one_process(sql, item):
    sql("CREATE TYPE mood AS ENUM ('sad', 'glad')")
    sql(
        "CREATE TABLE t AS SELECT i, (ARRAY['sad', 'glad'])[1 + i % 2]::mood AS f"
        " FROM generate_series(1, 30000) AS i"
    )
    expected = sql(f"SELECT DISTINCT ({item})::text FROM t ORDER BY 1")
    sql(
        "ALTER TABLE t SET (parallel_workers = 2); SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0;"
        " SET min_parallel_table_scan_size = 0"
    )
    query = f"SELECT DISTINCT pg_catalog.unnest(madlib.__levels(100, {item})) FROM t ORDER BY 1"
    assert any("Partial Aggregate" in line for (line,) in sql(f"EXPLAIN {query}"))
    found = [
        value.replace("t", "true").replace("f", "false") if item.endswith("= 0") else value
        for (value,) in sql(query)
    ]
    assert sorted(found) == sorted(value for (value,) in expected)
