"""Rows in files for another process: those of a store in blocks, and of queries of PostgreSQL."""

import threading
import time
from textwrap import dedent

import pytest

from tests.ports.inside import inside, left

READ = """
import numpy as np, os

def fill_files(query, groups=0, beside=1, categories='{}'):
    return db.value('SELECT madlib.__store_fill({q:l}, {g:l}, {c:l}::integer[], 0, {b:l})',
                    q=query, g=groups, c=categories, b=beside)

def read(store):
    '''The rows of both files, whether there is a NaN in them, and where groups begin.'''
    facts = db.execute('SELECT * FROM madlib.__store_files({s:l})', s=store)[0]
    rows = []
    for part in ('features', 'others'):
        data = os.pread(facts[part + '_fd'], 2**30, 0)
        rows.append(np.frombuffer(data).reshape(facts['starts'][-1], facts['num_' + part]))
    return rows, [facts['nan_features'], facts['nan_others']], facts['starts']
"""
KINDS = """
    SELECT i::float8 / 3, CASE WHEN i % 5 > 0 THEN i::real / 7 END, i::smallint, i::bigint * 1000000007,
           i % 3 = 0, CASE i WHEN 17 THEN 'NaN'::float8 WHEN 18 THEN '-infinity' ELSE i END::float8,
           date '2000-01-01' + i,
           CASE WHEN i > 2 THEN ARRAY[i, NULL, -i]::float8[] END, i::numeric, -i
    FROM generate_series(1, {}) AS i
"""
ROWS = "SELECT i, -i FROM generate_series(1, 20000) i"
FILL = f"SELECT madlib.__store_fill('{ROWS}', beside => 1)"
NOTHING = [0, 0, 0]
NO_COLUMN = "the rows cannot be set apart, or summed, without a column for it"


def within(sql, body, **values):
    """Return what the body returns, run in the server after READ."""
    return inside(sql, READ + "".join(f"{n} = {v!r}\n" for n, v in values.items()) + dedent(body))


@pytest.mark.parametrize("rows", [1, 2, 40, 4096, 4097, 20_000])
@pytest.mark.parametrize("beside", [0, 1, 2, 8])
def test_every_kind_of_number(sql, rows, beside):
    """The numbers are those of the columns in blocks, NaN where they are NULL or not finite."""
    same, widths, nan, expected, starts = within(
        sql,
        """
        expected = fill(query).matrix()
        expected[~np.isfinite(expected)] = np.nan
        parts, nan, starts = read(fill_files(query, beside=beside))
        expected_nan = [bool(np.isnan(part).any()) for part in parts]
        same = np.array_equal(np.hstack(parts), expected, equal_nan=True)
        return [same, [part.shape[1] for part in parts], nan, expected_nan, starts]
        """,
        query=KINDS.format(rows),
        beside=beside,
    )
    vector = 3 if rows > 2 else 1
    others = {0: 0, 1: 1, 2: 2, 8: 7 + vector}[beside]
    assert (same, widths, nan, starts) == (True, [9 + vector - others, others], expected, [0, rows])


# --- rows that are set apart ---


@pytest.mark.parametrize("rows", [0, 1, 4096, 20_000])
@pytest.mark.parametrize(("is_text", "by_hash"), [(False, False), (False, True), (True, False), (True, True)])
def test_rows_apart(sql, rows, is_text, by_hash):
    """They are those of the query's own condition, in its order; those of texts wait in the buffer before."""
    kind = "chr(97 + i % 7)" if is_text else "i::float8"
    hash_of = "pgml.__hash(0, i, 1.5)"
    part = "pgml.__part(3, i, 1.5) < 0.25"
    column = "" if by_hash else f", ({part})::integer"
    query = f"SELECT {kind}, i, -i{column}, {hash_of} FROM generate_series(1, {rows}) AS i"
    options = "true, true, 0.25, 3" if by_hash else "true, true"
    same, hash_sum, nothing = within(
        sql,
        """
        store = db.value(
            "SELECT madlib.__store_fill({q:l}, 0, '{{}}', 0, {b:l}, {o:q})".replace("{{}}", "{}"),
            q=query, b=beside, o=options)
        facts = db.execute('SELECT *, hash_sum::text AS sum FROM madlib.__store_files({s:l})', s=store)[0]
        codes = {row['level']: n for n, row in enumerate(db.execute(levels.format(store)))} if is_text else {}
        same = []
        for which, begin in (('NOT', ''), ('', 'apart_')):
            expected = [[codes.get(row['x'], row['x']), row['i'], -row['i']]
                        for row in db.execute(wanted.format(which))]
            parts = []
            for name in ('features', 'others'):
                data = np.frombuffer(os.pread(facts[begin + name + '_fd'], 2**30, 0))
                parts.append(data.reshape(-1, facts['num_' + name]))
            same.append(np.array_equal(np.hstack(parts), np.array(expected).reshape(-1, 3)))
        count = db.value(wanted.format('').replace('x, i', 'count(*)', 1))
        return [[*same, facts['num_apart'] == count], facts['sum'], facts['starts']]
        """,
        query=query,
        beside=2 if by_hash else 3,
        options=options,
        is_text=is_text,
        levels="SELECT unnest(madlib.__store_levels({}, 1)) AS level",
        wanted=f"SELECT x, i FROM (SELECT {kind} AS x,  i, {part} AS held"
        f" FROM generate_series(1, {rows}) AS i) AS t WHERE {{}} held",
    )
    assert same == [True, True, True]
    expected = sql.value(f"SELECT COALESCE(sum({hash_of}), 0)::text FROM generate_series(1, {rows}) AS i")
    assert (hash_sum, nothing) == (expected, [0, rows])


@pytest.mark.parametrize(
    ("arguments", "sqlstate", "message"),
    [
        ("beside => 0, hashed => true", "22023", NO_COLUMN),
        ("hashed => true", "22023", NO_COLUMN),
        ("beside => 1, apart => true, share => 0.5", "22023",
         NO_COLUMN),
        ("beside => 1, apart => true, num_groups => 1", "22023",
         NO_COLUMN),
        ("beside => 1, apart => true, hashed => true, share => 'NaN'", "22023",
         NO_COLUMN),
        ("beside => 1, hashed => true", "42804", "the hash of a row must be of type bigint, not integer"),
    ],
)  # fmt: skip
def test_columns_that_set_no_row_apart(sql, arguments, sqlstate, message):
    error = sql.fails(f"SELECT madlib.__store_fill('SELECT 1, 2, 3', {arguments})")
    assert (error.sqlstate, error.message) == (sqlstate, message)


@pytest.mark.parametrize(("columns", "rows"), [(2, 1), (777, 300), (1500, 65)])
def test_wide_rows(sql, columns, rows):
    """Element (i, j) is 1000 i + j."""
    items = ", ".join(f"1000.0::float8 * i + {j}" for j in range(columns))
    assert within(
        sql,
        """
        (features, others), nan, _ = read(fill_files(query, beside=1))
        expected = 1000.0 * np.arange(rows)[:, None] + np.arange(columns)
        return np.array_equal(np.hstack([features, others]), expected) and nan == [False, False]
        """,
        query=f"SELECT {items} FROM generate_series(0, {rows - 1}) AS i",
        rows=rows,
        columns=columns,
    )


def test_rows_lie_group_by_group(sql):
    """The groups are those of GROUP BY, numbered as they appear, and each keeps the query's order of rows."""
    sql(
        "CREATE TABLE t AS SELECT i, i * i AS y, (ARRAY['p', 'P', NULL])[1 + i % 3] AS h,"
        " nullif(i % 7, 0) AS g FROM generate_series(1, 9000) AS i"
    )
    expected = sql(
        "SELECT array_agg(i::float8 ORDER BY i), array_agg(y::float8 ORDER BY i) FROM t"
        " GROUP BY g, h ORDER BY min(i)"
    )
    parts, starts = within(
        sql,
        """
        store = fill_files('SELECT i, y, g, h FROM t ORDER BY i', groups=2)
        (features, others), nan, starts = read(store)
        read_again = read(store)[0]
        assert np.array_equal(read_again[0], features) and nan == [False, False]
        return [[features[:, 0].tolist(), others[:, 0].tolist()], starts]
        """,
    )
    assert parts == [[one for row in expected for one in row[part]] for part in (0, 1)]
    assert starts == [sum(len(row[0]) for row in expected[:n]) for n in range(len(expected) + 1)]


@pytest.mark.parametrize("groups", [0, 1])
def test_codes_in_another_order(sql, groups):
    """Codes are those of the levels in alphabetical order; one is left out, and is NaN, as NULL is."""
    sql(
        "CREATE TABLE t AS SELECT i, (ARRAY['c', 'a', NULL, 'b', 'd'])[1 + i % 5] AS v, i % 2 AS g"
        " FROM generate_series(0, 9999) AS i"
    )
    codes = "array_position(ARRAY['a', 'b', 'c'], v) - 1"
    expected = sql(f"SELECT i, coalesce(({codes})::text, 'nan') FROM t ORDER BY {groups} * g, i")
    found, nan, levels = within(
        sql,
        """
        columns = 'v, i % 10, i' + ', g' * groups
        store = fill_files(f'SELECT {columns} FROM t ORDER BY i', groups, categories='{2}')
        levels = [db.value('SELECT madlib.__store_levels({s:l}, {c:l})', s=store, c=c) for c in (1, 2, 3)]
        new = [['a', 'b', 'c'].index(v) if v < 'd' else -1 for v in levels[0]]
        db.execute('SELECT madlib.__store_order({s:l}, 1, {c:l}::integer[])', s=store, c=new)
        db.execute('SELECT madlib.__store_order({s:l}, 2, {c:l}::integer[])', s=store,
                   c=[int(v) for v in levels[1]])
        (features, others), nan, _ = read(store)
        assert np.array_equal(features[:, 1], others[:, 0] % 10)
        return [list(zip(others[:, 0].tolist(), map(str, features[:, 0].tolist()))), nan, levels]
        """,
        groups=groups,
    )
    assert [(i, code.removesuffix(".0")) for i, code in found] == expected
    assert nan == [True, False]
    assert (sorted(levels[0]), levels[2]) == (["a", "b", "c", "d"], None)


@pytest.mark.parametrize("groups", [0, 1])
def test_no_rows(sql, groups):
    found = within(
        sql,
        """
        parts, nan, starts = read(fill_files('SELECT 1, 2, 3 WHERE false', groups))
        return [[part.shape for part in parts], nan, starts]
        """,
        groups=groups,
    )
    assert found == [[[0, 2 - groups], [0, 1]], [False, False], [0] * (2 - groups)]


# --- limits ---


@pytest.mark.parametrize("query", [ROWS, ROWS.replace("i,", "i::text,"), ROWS.replace("-i", "-i, i % 3")])
def test_too_little_memory_is_null(sql, query):
    """20,000 rows of two numbers are 320 kB; those that wait in a buffer may need twice the memory."""
    fill = f"SELECT madlib.__store_fill('{query}', {query.count('%')}, beside => 1)"
    sql("SET madpy.store_memory = '256kB'; BEGIN")
    assert sql.value(fill) is None
    assert left(sql) == NOTHING
    sql("SET madpy.store_memory = '8MB'")
    assert sql.value(fill) is not None
    sql("ROLLBACK")


def test_files_count_beside_other_stores(sql):
    sql("SET madpy.store_memory = '1MB'; BEGIN")
    assert [sql.value(FILL) is None for _ in range(4)] == [False, False, True, True]
    sql("ROLLBACK")
    assert left(sql) == NOTHING


@pytest.mark.parametrize("end", ["COMMIT", "ROLLBACK", "ROLLBACK TO s", "SELECT madlib.__store_free({})"])
@pytest.mark.parametrize("query", [ROWS, ROWS.replace("i,", "i::text,")])
def test_nothing_is_left(sql, end, query):
    sql("BEGIN; SAVEPOINT s")
    store = sql.value(f"SELECT madlib.__store_fill('{query}', beside => 1)")
    sql(f"SELECT madlib.__store_files({store})")
    assert left(sql) == [1, 2, 0]
    sql(end.format(store))
    assert left(sql) == NOTHING


def test_nothing_is_left_after_an_error_of_the_query(sql):
    """A cancel and a failed statement end the fill when it has written rows."""
    sql("SET madpy.store_memory = '2GB'; BEGIN; SAVEPOINT s")
    wrong = "SELECT i, 1 / (i - 19000) FROM generate_series(1, 20000) i"
    sql.fails(f"SELECT madlib.__store_fill('{wrong}', beside => 1)")
    sql("ROLLBACK TO s")
    assert left(sql) == NOTHING
    sql("SET LOCAL statement_timeout = '100ms'")
    endless = "SELECT i, j FROM generate_series(1, 10000) i, generate_series(1, 10000) j"
    started = time.monotonic()
    error = sql.fails(f"SELECT madlib.__store_fill('{endless}', beside => 1)")
    assert (error.sqlstate, time.monotonic() - started < 0.5) == ("57014", True)
    sql("ROLLBACK TO s")
    assert left(sql) == NOTHING
    sql("ROLLBACK")


def test_a_cancelled_write_can_be_repeated(sql, connect):
    """The buffer is there until all rows are written, and the files begin again."""
    other, pid = connect(), sql.value("SELECT pg_backend_pid()")
    sql("SET madpy.store_memory = '4GB'; BEGIN")
    query = f"SELECT {', '.join(['i'] * 100)}, -i, i % 2 FROM generate_series(1, 100000) i"
    store = sql.value(f"SELECT madlib.__store_fill('{query}', 1, beside => 1)")
    sql("SAVEPOINT s")
    threading.Timer(0.02, other, [f"SELECT pg_cancel_backend({pid})"]).start()
    error = sql.fails(f"SELECT madlib.__store_files({store}), pg_sleep(9)")  # among the rows, or after them
    assert error.sqlstate == "57014"
    sql("ROLLBACK TO s")
    found = within(
        sql,
        """
        (features, others), _, starts = read(store)
        odd = np.arange(1.0, 100001, 2)
        expected = np.concatenate([odd, odd + 1])
        return [bool((features == expected[:, None]).all()), bool((others[:, 0] == -expected).all()), starts]
        """,
        store=store,
    )
    assert found == [True, True, [0, 50000, 100000]]
    sql("ROLLBACK")


# --- calls that do not fit ---


@pytest.mark.parametrize(
    ("call", "sqlstate", "message"),
    [
        ("__store_step({}, 'moments')", "55000", "the rows of store {} are in files for another process"),
        ("__store_steps({}, 'moments')", "55000", "the rows of store {} are in files for another process"),
        ("__store_map({})", "55000", "the rows of store {} are in files for another process"),
        ("__store_indicate({}, '{{1}}')", "55000", "the rows of store {} are in files for another process"),
        ("__store_levels({}, 1, true)", "55000", "the rows of store {} are in files for another process"),
        ("__store_order({}, 1, '{{0}}')", "22023", "1 codes do not fit column 1 of store {}"),
    ],
)
def test_kernels_do_not_read_files(sql, call, sqlstate, message):
    sql("BEGIN")
    store = sql.value(FILL)
    error = sql.fails(f"SELECT madlib.{call.format(store)}")
    assert (error.sqlstate, error.message) == (sqlstate, message.format(store))
    sql("ROLLBACK")


def test_a_store_in_blocks_has_no_files(sql):
    error = sql.fails("SELECT madlib.__store_files(madlib.__store_fill('SELECT 1'))")
    assert (error.sqlstate, error.message.partition(" of ")[0]) == ("55000", "the rows")


def test_codes_after_the_rows_are_written(sql):
    sql("BEGIN")
    store = sql.value("SELECT madlib.__store_fill('SELECT ''a''::text, 1', beside => 1)")
    sql(f"SELECT madlib.__store_files({store})")
    error = sql.fails(f"SELECT madlib.__store_order({store}, 1, '{{0}}')")
    assert (error.sqlstate, error.message) == ("55000", f"the rows of store {store} have been written")
    sql("ROLLBACK")


@pytest.mark.parametrize("beside", [2, 2**31 - 1])
def test_all_columns_beside(sql, beside):
    error = sql.fails(f"SELECT madlib.__store_fill('SELECT 1, 2', beside => {beside})")
    assert (error.sqlstate, error.message) == (
        "22023",
        f"{beside} columns beside the others leave none of 2",
    )


def test_files_are_their_roles_alone(sql, role):
    sql("BEGIN")
    store = sql.value(FILL)
    sql(f"SET ROLE {role}")
    error = sql.fails(f"SELECT madlib.__store_files({store})")
    assert (error.sqlstate, error.message) == ("42704", f"there is no store {store} in this transaction")
    sql("ROLLBACK")
