"""The store: what a query says is what its columns hold, and what kernels and numpy see of it."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from tests.ports.inside import inside

NAN, INF = np.nan, np.inf

# An expression, and what its column holds: NaN for NULL.
NUMBERS = [
    ("2.5::float8", 2.5),
    ("'NaN'::float8", NAN),
    ("'-Infinity'::float8", -INF),
    ("0.1::real", 0.10000000149011612),
    ("(-32768)::smallint", -32768),
    ("2147483647", 2147483647),
    ("9007199254740993", 9007199254740992.0),
    ("1e-30::numeric", 1e-30),
    ("'NaN'::numeric", NAN),
    ("true", 1),
    ("false", 0),
    ("date '1969-12-31'", -86400),
    ("date '0001-01-01'", -62135596800),
    ("date 'infinity'", INF),
    ("timestamp '2000-01-01 00:00:00.5'", 946684800.5),
    ("timestamp '-infinity'", -INF),
    ("timestamptz '1970-01-01 02:00+01'", 3600),
    ("timestamp '2000-01-01 00:00:00.000001'", 946684800.000001),
    ("timestamp '294276-12-31 23:59:59'", 9224318015999.0),
    ("time '24:00'", 86400),
    ("time '00:00:00.000001'", 1e-6),
    ("interval '-1 day 1 microsecond'", -86399.999999),
    ("interval '1 year 1 month'", 365.25 * 86400 + 30 * 86400),
    ("3.5::rate", 3.5),
    ("NULL::float8", NAN),
    ("NULL::date", NAN),
]


def test_every_kind_of_number(sql):
    sql("CREATE DOMAIN rate AS numeric CHECK (VALUE >= 0)")
    query = "SELECT " + ", ".join(expression for expression, _ in NUMBERS)
    row, nulls, levels = inside(
        sql,
        f"""
        store = fill({query!r})
        columns = range(store.num_columns)
        return [store.matrix()[0].tolist(), [bool(store.nulls(j)[0]) for j in columns],
                [store.levels(j) for j in columns]]
        """,
    )
    assert_array_equal(row, [expected for _, expected in NUMBERS])
    assert nulls == [expression.startswith("NULL") for expression, _ in NUMBERS]
    assert levels == [None] * len(NUMBERS)


def test_dates_are_the_servers_epoch(sql):
    """Compare with extract(epoch), which is PostgreSQL's own arithmetic."""
    query = "SELECT d, t, t AT TIME ZONE 'Asia/Tokyo' FROM times ORDER BY d"
    sql(
        "CREATE TABLE times AS SELECT d::date, d AS t "
        "FROM generate_series(timestamp '1600-02-29 12:34:56.789', '2400-01-01', '33 days 11 min') d"
    )
    found = inside(sql, f"return fill({query!r}).matrix().tolist()")
    expected = sql(
        "SELECT extract(epoch FROM d)::float8, extract(epoch FROM t)::float8, "
        "extract(epoch FROM t AT TIME ZONE 'Asia/Tokyo')::float8 FROM times ORDER BY d"
    )
    assert [tuple(row) for row in found] == expected


@pytest.mark.parametrize(
    ("column_type", "values", "codes", "levels"),
    [
        ("text", ["b", "a", "b", None, ""], [0, 1, 0, None, 2], ["b", "a", ""]),
        ("varchar(3)", ["abc", "ü", "abc"], [0, 1, 0], ["abc", "ü"]),
        ("char(3)", ["a", "a  ", "b"], [0, 0, 1], ["a  ", "b  "]),
        ("name", ["n", "m", "n"], [0, 1, 0], ["n", "m"]),
        ("mood", ["sad", "ok", "sad", None], [0, 1, 0, None], ["sad", "ok"]),
        ("word", ["x", "y"], [0, 1], ["x", "y"]),
        ("text", [None, None], [None, None], []),
    ],
)
def test_text_is_codes_and_a_dictionary(sql, column_type, values, codes, levels):
    sql("CREATE TYPE mood AS ENUM ('ok', 'sad'); CREATE DOMAIN word AS text")
    sql(f"CREATE TABLE t (i serial, v {column_type})")
    for value in values:
        sql(f"INSERT INTO t (v) VALUES ({'NULL' if value is None else repr(value)})")
    found = inside(
        sql,
        """
        store = fill('SELECT v FROM t ORDER BY i')
        return [store.column(0).tolist(), store.nulls(0).tolist(), store.levels(0)]
        """,
    )
    assert [None if null else code for code, null in zip(*found[:2], strict=True)] == codes
    assert found[2] == levels


def test_many_long_levels(sql):
    """Toasted values and a dictionary that grows: decoded, they are the column again."""
    sql(
        "CREATE TABLE t AS SELECT i, repeat(md5((i % 1000)::text), 200) AS v FROM generate_series(1, 5000) i;"
        "ALTER TABLE t ALTER v SET STORAGE EXTERNAL"
    )
    assert inside(
        sql,
        """
        store = fill('SELECT v FROM t ORDER BY i')
        levels = store.levels(0)
        expected = [row['v'] for row in plpy.execute('SELECT v FROM t ORDER BY i')]
        return len(levels) == 1000 and [levels[int(code)] for code in store.column(0)] == expected
        """,
    )


def test_a_null_is_not_a_nan(sql):
    found = inside(
        sql,
        """
        store = fill("SELECT * FROM (VALUES (1::float8), ('NaN'), (NULL), (2)) t")
        return [store.column(0).tolist(), store.nulls(0).tolist()]
        """,
    )
    assert_array_equal(found[0], [1, NAN, NAN, 2])
    assert found[1] == [False, False, True, False]


def test_a_vector_is_a_matrix(sql):
    """Rows without one before the first that has one, NULLs within it, columns on both sides."""
    found = inside(
        sql,
        """
        store = fill('''SELECT i, x, i::text FROM (VALUES
            (1, NULL), (2, NULL), (3, ARRAY[1, NULL, 3]::float8[]), (4, '{4,5,NaN}'), (5, NULL)) t (i, x)''')
        columns = range(store.num_columns)
        return [store.matrix().tolist(), [''.join('v0'[int(n)] for n in store.nulls(j)) for j in columns],
                [store.levels(j) for j in columns]]
        """,
    )
    expected = [
        [1, NAN, NAN, NAN, 0],
        [2, NAN, NAN, NAN, 1],
        [3, 1, NAN, 3, 2],
        [4, 4, 5, NAN, 3],
        [5, NAN, NAN, NAN, 4],
    ]
    assert_array_equal(found[0], expected)
    assert found[1] == ["vvvvv", "00vv0", "000v0", "00vv0", "vvvvv"]
    assert found[2] == [None, None, None, None, ["1", "2", "3", "4", "5"]]


def test_two_vectors_that_begin_late_each_in_its_row(sql):
    found = inside(
        sql,
        '''
        return fill("""SELECT * FROM (VALUES (NULL, NULL), (ARRAY[1, 2]::float8[], NULL),
            (NULL, ARRAY[3]::float8[]), ('{4,5}', '{6}')) t (a, b)""").matrix().tolist()
        ''',
    )
    assert_array_equal(found, [[NAN] * 3, [1, 2, NAN], [NAN, NAN, 3], [4, 5, 6]])


def test_rows_that_wait_on_disk_for_the_first_vector(sql):
    sql("SET work_mem = '64kB'")
    sql(
        "CREATE TABLE late AS SELECT i, 'word ' || i % 7 AS w, i::numeric AS n, "
        "CASE WHEN i > 20000 THEN ARRAY[i, -i]::float8[] END AS x FROM generate_series(1, 20010) i"
    )
    counted = inside(
        sql,
        """
        store = fill('SELECT w, n, x FROM late ORDER BY i')
        words = [store.levels(0)[int(code)] for code in store.column(0)[[0, 4095, 4096]]]
        return [store.num_rows, float(store.column(1).sum()), int(store.nulls(2).sum()), words,
                store.matrix()[-1].tolist()]
        """,
    )
    last = [20010 % 7 - 1, 20010, 20010, -20010]
    assert counted == [20010, 20010 * 20011 / 2, 20000, ["word 1", "word 1", "word 2"], last]


def test_vectors_that_are_all_null_are_one_column(sql):
    assert inside(sql, "return fill('SELECT NULL::float8[], 1').nulls(0).tolist()") == [True]


@pytest.mark.parametrize(
    ("rows", "sqlstate", "message"),
    [
        ("('{1,2}'), ('{1}')", "2202E", "features must have the same length in every row: 1 after 2"),
        ("('{1,2}'), ('{}')", "2202E", "features must have the same length in every row: 0 after 2"),
        ("('{}')", "2202E", "features must not be an empty array"),
        ("('{{1,2},{3,4}}')", "2202E", "features must be an array of one dimension, not of 2"),
    ],
)
def test_vectors_of_no_use(sql, rows, sqlstate, message):
    error = sql.fails(f"SELECT madlib.__store_fill($$SELECT x::float8[] FROM (VALUES {rows}) t (x)$$)")
    assert (error.sqlstate, error.message) == (sqlstate, message)


@pytest.mark.parametrize(
    "type_name", ["json", "integer[]", "time with time zone", "point", "bytea", "record"]
)
def test_a_type_that_is_no_number_is_named(sql, type_name):
    value = "ROW(1)" if type_name == "record" else f"NULL::{type_name}"
    error = sql.fails(f'SELECT madlib.__store_fill($$SELECT 1 AS a, {value} AS "My column"$$)')
    assert (error.sqlstate, error.message) == (
        "42804",
        f'column "My column" is of type {type_name}, which cannot be kept as numbers',
    )


@pytest.mark.parametrize(
    ("rows", "columns"), [(1, 1), (63, 1), (4096, 2), (4097, 3), (10_001, 3), (777, 300), (65, 2000)]
)
def test_blocks(sql, rows, columns):
    """Element (i, j) is 1000 i + j, NULL where i + j is a multiple of 7; whatever a block holds."""
    item = "CASE WHEN (i + {j}) % 7 <> 0 THEN 1000.0::float8 * i + {j} END"
    items = ", ".join(item.format(j=j) for j in range(columns))
    if columns > 1664:  # a query has no more
        items = f"ARRAY[{items}]"
    query = f"SELECT {items} FROM generate_series(0, {rows - 1}) i"
    assert (
        inside(
            sql,
            f"""
        import numpy as np
        store = fill({query!r})
        i, j = np.arange({rows})[:, None], np.arange({columns})
        null = (i + j) % 7 == 0
        expected = np.where(null, np.nan, 1000.0 * i + j)
        found = store.matrix()
        last = store.column({columns - 1})
        return [found.shape == expected.shape, bool(np.array_equal(found, expected, equal_nan=True)),
                bool(np.array_equal(last, expected[:, -1], equal_nan=True)), last.flags.contiguous,
                all(bool(np.array_equal(store.nulls(c), null[:, c])) for c in range({columns}))]
        """,
        )
        == [True] * 5
    )


def test_one_block_is_a_view_that_cannot_be_written_and_outlives_the_store(sql):
    assert inside(
        sql,
        """
        store = fill('SELECT i::float8, i::float8 FROM generate_series(1, 100) i')
        first = store.column(0)
        store.free()
        return [first.base is not None, first.flags.writeable, float(first.sum())]
        """,
    ) == [True, False, 5050]


def test_no_rows(sql):
    assert inside(
        sql,
        """
        store = fill("SELECT 1, 'a'::text, NULL::float8[] WHERE false")
        return [store.matrix().shape, store.column(0).shape, store.nulls(2).shape, store.levels(1)]
        """,
    ) == [[0, 3], [0], [0], []]
    empty = "madlib.__store_fill('SELECT 1, 2 WHERE false')"
    assert sql.value(f"SELECT madlib.__store_step({empty}, 'moments')") is None
