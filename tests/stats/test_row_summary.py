"""The aggregates of a row: what those of a value say, of every column at once and of any type."""

import pytest

ROWS = """
    (SELECT i, i % 7 AS few, CASE WHEN i % 3 = 0 THEN i / 8.0 END AS part, sqrt(i) AS root,
            md5((i % 50)::text) AS word, (i % 5)::text::char(4) AS code, date '2020-01-01' + i % 30 AS day,
            i % 2 = 0 AS even, ARRAY[i % 3] AS list, NULL::text AS nothing, (i % 4)::float4 AS short
     FROM generate_series(1, 3000) AS i) AS r
"""
COLUMNS = ["i", "few", "part", "root", "word", "code", "day", "even", "list", "nothing", "short"]


def test_the_states_of_columns_are_those_of_values(sql):
    """In one process, so that values come in the same order: to the last byte."""
    sql("SET max_parallel_workers_per_gather = 0")
    state = f"(SELECT madlib.__row_summary(ROW({', '.join(COLUMNS)}), 7) FROM {ROWS})"
    for number, column in enumerate(COLUMNS, 1):
        one = f"(SELECT madlib.column_summary_state({column}, 7) FROM {ROWS})"
        assert sql.value(f"SELECT madlib.__row_summary_column({state}, {number}) = {one}"), column


def test_parts_merge(sql):
    """By group, hashed, and then merged by the combine function."""
    sql("CREATE AGGREGATE pg_temp.merge(bytea) (SFUNC = madlib.__row_summary_combine, STYPE = bytea)")
    sql(
        "CREATE TEMP TABLE parts AS SELECT few, madlib.__row_summary(ROW(i, word), 7) AS state"
        f" FROM {ROWS} GROUP BY few"
    )
    query = (
        "SELECT s.row_count, s.distinct_values, s.min, s.max FROM (SELECT pg_temp.merge(state) AS state"
        " FROM parts) AS p, madlib.column_summary_of(madlib.__row_summary_column(state, {})) AS s"
    )
    assert sql(query.format(1)) == [(3000, 3000, 1, 3000)]
    assert sql(query.format(2)) == [(3000, 50, 32, 32)]


@pytest.mark.parametrize("column", COLUMNS)
def test_distinct_values(sql, column):
    row, value = sql(
        f"SELECT madlib.__fmsketch_row(ROW({column}), 0), madlib.fmsketch_dcount({column}) FROM {ROWS}"
    )[0]
    assert row == value


def test_enums_are_hashed_by_their_labels(sql):
    """An enum's own hash is of numbers that are others on another server: here in another type."""
    for name in ("a", "b"):
        sql(f"CREATE TYPE {name} AS ENUM ('low', 'high')")
    states = [
        f"madlib.fmsketch_dcount_state((ARRAY['low', 'high'])[1 + i % 2]::{name})" for name in ("a", "b")
    ]
    lists = [
        f"madlib.fmsketch_dcount_state(ARRAY[(ARRAY['low', 'high'])[1 + i % 2]::{n}])" for n in ("a", "b")
    ]
    for one, other in (states, lists):
        numbers = "FROM generate_series(1, 9) AS i"
        merged = f"SELECT {one} AS s {numbers} UNION ALL SELECT {other} {numbers}"
        assert sql.value(f"SELECT madlib.fmsketch_dcount_merge(s) FROM ({merged}) AS m") == 2


def test_what_is_no_row_of_values(sql):
    assert sql.fails("SELECT madlib.__row_summary(NULL::record, 7)").sqlstate == "22004"
    error = sql.fails("SELECT madlib.__fmsketch_row(ROW(1, 2), 0)")
    assert (error.sqlstate, error.message) == ("42804", "a row of one column is needed, not of 2: ROW(value)")
    assert sql.fails("SELECT madlib.__row_summary(ROW(), 7)").sqlstate == "22P03"
    several = "madlib.__row_summary(CASE WHEN i = 1 THEN ROW(i) ELSE ROW(i, i) END, 7)"
    assert sql.fails(f"SELECT {several} FROM generate_series(1, 2) AS i").sqlstate == "22P03"
    state = "(SELECT madlib.__row_summary(ROW(1), 7))"
    assert sql.fails(f"SELECT madlib.__row_summary_column({state}, 2)").sqlstate == "22023"
