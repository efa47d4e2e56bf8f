"""Moments whose categories are numbered as they come.

Expected states are those of columns of 0 and 1, which SQL makes: sums of whole numbers are the same to the
bit.
"""

import pytest

from madpy.ports.postgres.scan.numbered import columns_in_order, read_numbered
from madpy.ports.postgres.session.sql import literal

PARALLEL = """
    ALTER TABLE t SET (parallel_workers = 2); SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0;
    SET min_parallel_table_scan_size = 0
"""
SCALARS = {"moments": "y", "weighted_moments": "y, w"}


def create(sql, rows, levels):
    """Rows of a text, whose levels come one after the other, an enum and whole numbers; some have a NULL."""
    sql("CREATE TYPE mood AS ENUM ('sad', 'glad')")
    sql(
        f"""
        CREATE TABLE t AS
        SELECT i, CASE WHEN i % 11 > 0 THEN 'v' || least(i % {levels}, i * {levels} / {rows}) END AS f,
               (ARRAY['sad', 'glad'])[1 + i / 2 % 2]::mood AS e, (i % 7)::float8 AS x,
               CASE WHEN i % 13 > 0 THEN (i % 3)::float8 END AS y, (i % 4)::float8 AS w
        FROM generate_series(1, {rows}) AS i
        """
    )


def in_order(sql, column, kernel):
    """The values of the rows that a kernel uses, in the order of their type."""
    used = "AND w > 0" if kernel == "weighted_moments" else ""
    found = sql(
        f"SELECT {column}::text FROM t WHERE f IS NOT NULL AND y IS NOT NULL {used}"
        f" GROUP BY {column} ORDER BY {column}"
    )
    return [value for (value,) in found]


def both(sql, kernel):
    """The state of categories, its columns in the order of terms, and that of columns of numbers."""
    texts, moods = in_order(sql, "f", kernel), in_order(sql, "e", kernel)
    data = sql.value(f"SELECT madlib.__{kernel}_numbered({SCALARS[kernel]}, 100, 1::float8, f, e, x) FROM t")
    numbered, state = read_numbered(data)
    assert [None if values is None else sorted(values) for values in numbered] == [
        *(None, sorted(texts), sorted(moods)),
        *(None for _ in range(1 + len(SCALARS[kernel].split(",")))),
    ]
    columns = columns_in_order(numbered, [None, texts, moods, *(None for _ in numbered[3:])])
    indicators = [f"(f = {literal(text)})::int::float8" for text in texts[1:]]
    indicators += [f"(e = {literal(mood)})::int::float8" for mood in moods[1:]]
    items = ["1::float8", *indicators, "CASE WHEN f IS NOT NULL THEN x END"]
    return sql(
        f"""
        SELECT madlib.__state_columns({literal(state)}, {literal(columns)}::integer[]),
               madlib.__{kernel}_columns({SCALARS[kernel]}, {", ".join(items)}) FROM t
        """
    )[0]


@pytest.mark.parametrize("kernel", SCALARS)
@pytest.mark.parametrize("rows", [1, 5, 2047, 2600, 10000])
def test_the_state_is_that_of_columns_of_numbers(sql, kernel, rows):
    create(sql, rows, levels=60)
    numbered, computed = both(sql, kernel)
    assert numbered == computed


@pytest.mark.parametrize("kernel", SCALARS)
def test_parallel_workers_number_levels_on_their_own(sql, kernel):
    create(sql, 30000, levels=60)
    sql(PARALLEL)
    plan = sql(f"EXPLAIN SELECT madlib.__{kernel}_numbered({SCALARS[kernel]}, 100, f, e, x) FROM t")
    assert any("Partial Aggregate" in line for (line,) in plan)
    numbered, computed = both(sql, kernel)
    assert numbered == computed


def test_values_that_a_collation_calls_equal_are_one_level(sql):
    sql("CREATE COLLATION no_case (provider = icu, locale = 'und-u-ks-level2', deterministic = false)")
    sql("CREATE DOMAIN word AS text COLLATE no_case")
    sql("CREATE TABLE t (f word, y float8); INSERT INTO t VALUES ('A', 1), ('b', 2), ('a', 3), ('B', 4)")
    numbered, _ = read_numbered(sql.value("SELECT madlib.__moments_numbered(y, 2, f) FROM t"))
    assert numbered == [["A", "b"], None]


def test_rows_that_are_skipped_have_no_levels(sql):
    sql("CREATE TABLE t (f text, x float8, y float8, w float8)")
    sql("INSERT INTO t VALUES ('a', 1, NULL, 1), ('b', NULL, 1, 1), ('c', 1, 1, 0), (NULL, 1, 1, 1)")
    numbered, _ = read_numbered(
        sql.value("SELECT madlib.__weighted_moments_numbered(y, w, 2, f, x) FROM t"),
    )
    assert numbered == [[], None, None, None]
    assert sql.value("SELECT madlib.__moments_numbered(y, 2, f, x) FROM t WHERE false") is None


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("SELECT madlib.__moments_numbered(y, 2, x, f) FROM t", "feature 2 has more than 2 distinct values"),
        ("SELECT madlib.__moments_numbered(y, NULL, x, f) FROM t", "the most levels must not be NULL"),
        ("SELECT madlib.__moments_numbered(y, 3000, x, i::text) FROM t", "2001 columns are too many"),
        ("SELECT madlib.__moments_numbered(y, 9, f, 'NaN'::float8) FROM t", "feature 4 is NaN in some row"),
    ],
)
def test_values_that_are_refused(sql, query, message):
    sql(
        "CREATE TABLE t AS SELECT i, 'v' || i % 3 AS f, i::float8 AS x, i::float8 AS y"
        " FROM generate_series(1, 2001) AS i"
    )
    assert sql.fails(query).message == message


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("''::bytea, '{0,1}'", "this is not a state whose columns can be arranged"),
        ("madlib.meat_state(y, x, w, '{1,2}'), '{0}'", "this is not a state whose columns can be arranged"),
        ("madlib.moments_state(y, x), '{0,3}'", "a state of 3 columns has no column 3"),
        ("madlib.moments_state(y, x), '{-1,0}'", "a state of 3 columns has no column -1"),
        ("madlib.moments_state(y, x), '{0}'", "1 columns are too few"),
        ("madlib.moments_state(y, x), '{}'", "0 columns are too few"),
        ("madlib.moments_state(y, x), '{0,NULL}'", "columns must not contain NULL"),
    ],
)
def test_columns_that_a_state_does_not_have(sql, arguments, message):
    sql("CREATE TABLE t AS SELECT 1::float8 AS y, ARRAY[1, 2]::float8[] AS x, 1::float8 AS w")
    assert sql.fails(f"SELECT madlib.__state_columns({arguments}) FROM t").message == message
