"""Categories of a store: numbered as they come, put in order, and seen by kernels as indicators.

Expected states are those of the same kernel over columns of 0 and 1 that SQL computes.
"""

import numpy as np
import pytest

from madpy.ports.postgres.layouts.kernel import STATE
from tests.ports.inside import inside

HEAD = STATE.itemsize
# i * i % 7 is one of 0, 1, 2 and 4: levels v0, v1, v2, v4 and a, b, c, with columns for all but the first.
ROWS = """
    CREATE TABLE t AS
    SELECT *, (v = 'v1')::int::float8 AS v1, (v = 'v2')::int::float8 AS v2, (v = 'v4')::int::float8 AS v4,
           (w = 'b')::int::float8 AS wb, (w = 'c')::int::float8 AS wc
    FROM (SELECT i, 'v' || i * i % 7 AS v, (ARRAY['b', 'a', 'c'])[1 + i % 3] AS w, sin(i) AS x,
                 (i % 11 < 4)::int::float8 AS y, (1 + i % 2)::float8 AS weight, i % 4 AS g
          FROM generate_series(1, {rows}) AS i) AS s
"""
STATES = """
    import math, struct

    def states(features, categories):
        query = f"SELECT 1::float8, {{features}}, x, {scalars}{group} FROM t"
        store = db.value('SELECT madlib.__store_fill({{q:l}}, {{n:l}})', q=query, n={groups} - 1 and 1)
        for column, levels in categories:
            came = db.value('SELECT madlib.__store_levels({{s:l}}, {{c:l}})', s=store, c=column)
            codes = [levels.index(level) for level in came]
            db.execute('SELECT madlib.__store_order({{s:l}}, {{c:l}}, {{codes:l}}::integer[])',
                       s=store, c=column, codes=codes)
        if categories:
            counts = [-1, 3, 2, -1] + [-1] * {num_scalars}
            db.execute('SELECT madlib.__store_indicate({{s:l}}, {{c:l}}::integer[])', s=store, c=counts)
        params = [math.nan if p is None else p for p in {params}] * {groups}
        packed = struct.pack(f'<{{len(params)}}d', *params)
        return db.value("SELECT madlib.__store_steps({{s:l}}, '{kernel}', {{p:b}})", s=store, p=packed).hex()

    return [states('v, w', [(2, ['v0', 'v1', 'v2', 'v4']), (3, ['a', 'b', 'c'])]),
            states('v1, v2, v4, wb, wc', [])]
"""


def both(sql, rows, kernel, scalars, params=(), grouped=False):
    """Numbers in the states of a kernel, a row for each group: by codes, and by columns of 0 and 1."""
    sql(ROWS.format(rows=rows))
    body = STATES.format(
        scalars=", ".join(scalars), group=", g" if grouped else "", num_scalars=len(scalars), kernel=kernel,
        params=list(params), groups=4 if grouped else 1,
    )  # fmt: skip
    found = [bytes.fromhex(state) for state in inside(sql, body)]
    assert len(found[0]) == len(found[1])
    tables = [np.frombuffer(state, np.uint8).reshape(4 if grouped else 1, -1) for state in found]
    assert (tables[0][:, :HEAD] == tables[1][:, :HEAD]).all()
    return [np.ascontiguousarray(table[:, HEAD:]).view("<f8") for table in tables]


@pytest.mark.parametrize("grouped", [False, True])
@pytest.mark.parametrize("rows", [4, 100, 20000])
def test_weighted_moments_of_indicators_are_those_of_columns(sql, rows, grouped):
    """To the bit: the kernel does not know of categories, and gets columns."""
    coded, plain = both(sql, rows, "weighted_moments", ["y", "weight"], grouped=grouped)
    np.testing.assert_array_equal(coded, plain)


@pytest.mark.parametrize("grouped", [False, True])
@pytest.mark.parametrize("rows", [4, 100, 20000])
@pytest.mark.parametrize("target", ["y", "y + 0.5 / i", "1e15 + i / 3.0::float8"])
def test_moments_by_level_are_those_of_columns(sql, rows, grouped, target):
    """Counts and sums of whole numbers to the bit, other sums to the last bits of a double-double."""
    coded, plain = both(sql, rows, "moments", [target], grouped=grouped)
    m = 8  # columns
    pairs = (m + 1) * (m + 2)
    np.testing.assert_array_equal(coded[:, pairs:], plain[:, pairs:])  # minima, maxima and pivots
    high, low = (table[:, :pairs:2] for table in (coded, plain)), (t[:, 1:pairs:2] for t in (coded, plain))
    (high_coded, high_plain), (low_coded, low_plain) = high, low
    scale = np.abs(high_plain).max()
    np.testing.assert_array_less(np.abs(high_coded - high_plain + (low_coded - low_plain)), 1e-28 * scale)
    whole = [
        i * (i + 1) // 2 + j for i in range(9) for j in range(i + 1) if 7 not in (i, j) and 8 not in (i, j)
    ]
    if target == "y":
        whole += [8 * 9 // 2 + j for j in (0, *range(1, 7), 8)]
    np.testing.assert_array_equal(high_coded[:, whole], high_plain[:, whole])
    np.testing.assert_array_equal(low_coded[:, whole], low_plain[:, whole])


@pytest.mark.parametrize("grouped", [False, True])
@pytest.mark.parametrize("with_basis", [False, True])
@pytest.mark.parametrize("left_out", [None, 2])
def test_least_squares_by_level_are_those_of_columns(sql, grouped, with_basis, left_out):
    """Score and Hessian around shifts, with a level that is left out, and by a basis."""
    k = 7
    shifts = [0, 0.2, 0.3, 0.1, 0.4, 0.3, 0.05]
    if left_out is not None:
        shifts[left_out] = None
    basis = [(1.0 if j == i else 0.1 * (i - j)) for i in range(k) for j in range(i + 1)]
    params = [0.1 * (j - 3) for j in range(k)] + [0.01 * j for j in range(k)] + shifts + basis * with_basis
    coded, plain = both(sql, 5000, "logregr", ["y"], params, grouped)
    start = len(params)
    coded, plain = (
        np.concatenate([t[:, start:-3:2] + t[:, start + 1 : -3 : 2], t[:, -3:]], axis=1)
        for t in (coded, plain)
    )
    assert np.isfinite(coded).all()
    np.testing.assert_allclose(coded, plain, rtol=1e-11, atol=1e-9)


NUMBERED = """
    import struct

    def state(features, counts):
        query = f"SELECT 1::float8, {{features}}, sin(i), y FROM t"
        store = db.value('SELECT madlib.__store_fill({{q:l}})', q=query)
        db.execute('SELECT madlib.__store_indicate({{s:l}}, {{c:l}}::integer[])', s=store, c=counts)
        params = struct.pack('<{number}d', *{params})
        return db.value("SELECT madlib.__store_steps({{s:l}}, '{kernel}', {{p:b}})", s=store, p=params).hex()

    return [state({codes!r}, {counts}), state({columns!r}, [-1] * {width})]
"""


@pytest.mark.parametrize("kernel", ["moments", "logregr"])
@pytest.mark.parametrize("categories", range(1, 8))
def test_any_number_of_categories(sql, kernel, categories):
    """Loops are compiled for few; the second category has a single level, and so no indicator."""
    levels = [2 + 3 * n % 7 if n != 1 else 1 for n in range(categories)]
    made = ", ".join(f"(i * {n + 3} / 2 + i * i) % {count} AS c{n}" for n, count in enumerate(levels))
    sql(
        f"CREATE TABLE t AS SELECT i, {made}, (i % 11 < 4)::int::float8 AS y"
        " FROM generate_series(1, 9000) AS i"
    )
    columns = [f"(c{n} = {v})::int::float8" for n, count in enumerate(levels) for v in range(1, count)]
    shifts = [0, *([0.2] * len(columns)), 0.5]
    k = len(shifts)
    params = [0.1] * k + [0.01] * k + shifts if kernel == "logregr" else []
    body = NUMBERED.format(
        kernel=kernel, number=len(params), params=params, columns=", ".join(columns), width=k + 1,
        codes=", ".join(f"c{n}::float8" for n in range(categories)),
        counts=[-1, *(count - 1 for count in levels), -1, -1],
    )  # fmt: skip
    by_code, by_column = (
        np.frombuffer(bytes.fromhex(state), "<f8", offset=HEAD + 8 * len(params))
        for state in inside(sql, body)
    )
    np.testing.assert_allclose(by_code, by_column, rtol=1e-9, atol=1e-9)


def test_any_type_is_numbered_as_it_comes(sql):
    sql("CREATE TABLE t AS SELECT * FROM (VALUES (7, 2.50), (NULL, 2.5), (-1, 1), (7, NULL)) AS v (i, n)")
    assert inside(
        sql,
        """
        store = db.value("SELECT madlib.__store_fill('SELECT i, trim_scale(n) FROM t', 0, '{1,2}')")
        return [db.value('SELECT madlib.__store_levels({s:l}, {c:l})', s=store, c=c) for c in (1, 2)]
        """,
    ) == [["7", "-1"], ["2.5", "1"]]


def test_levels_of_complete_rows(sql):
    """A level that only rows with a NULL, or of weight 0, have has NULL in its place."""
    sql(
        "CREATE TABLE t AS SELECT * FROM"
        " (VALUES ('a', 1, 1), ('b', NULL, 1), ('c', 1, 0), ('d', 1, 2), (NULL, 1, 1)) AS v (f, x, w)"
    )
    assert inside(
        sql,
        """
        store = db.value("SELECT madlib.__store_fill('SELECT f, x, w FROM t')")
        levels = 'SELECT madlib.__store_levels({s:l}, 1, {c:l}, {w:l})'
        return [db.value(levels, s=store, c=complete, w=weight)
                for complete, weight in ((False, 0), (True, 0), (True, 3))]
        """,
    ) == [["a", "b", "c", "d"], ["a", None, "c", "d"], ["a", None, None, "d"]]


def test_a_code_below_zero_is_null(sql):
    sql("CREATE TABLE t AS SELECT unnest(ARRAY['a', 'b', NULL, 'a']) AS f, 1 AS x")
    assert inside(
        sql,
        """
        number = db.value("SELECT madlib.__store_fill('SELECT f, x FROM t')")
        db.execute("SELECT madlib.__store_order({s:l}, 1, '{5,-1}')", s=number)
        store = Store(db, number)
        return [store.nulls(0).tolist(), store.column(0)[0], store.levels(0)]
        """,
    ) == [[False, True, True, False], 5, None]
