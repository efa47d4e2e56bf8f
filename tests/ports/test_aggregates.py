"""Kernels as aggregates: the same sums in parts, in parallel, in windows and in one go."""

import json
import random
from fractions import Fraction

import numpy as np
import pytest

from madpy.ports.postgres.scan.states import States
from tests.ports.kernels import CALLS, KERNELS, ROWS, TABLE, exact, held, rows, state

FITTED = ["moments", "weighted_moments", "squared_residuals"]  # the last column of these is a target


@pytest.fixture
def t(sql):
    sql(TABLE)
    return sql


@pytest.mark.parametrize("kernel", KERNELS)
def test_a_state_holds_exact_sums(t, kernel):
    states = States.parse(state(t, kernel), 1)
    expected = exact(kernel)
    skip = 3 if "{" in CALLS[kernel] else 0  # the parameters stand first
    pairs = states.body[0, skip : skip + 2 * len(expected)].reshape(-1, 2)
    assert pairs[:, 0].tolist() == expected
    assert not pairs[:, 1].any()
    weightless = sum(w == 0 for *_, w in rows()) if kernel == "weighted_moments" else 0
    assert states.rows_used.tolist() == [len(rows()) - weightless]
    assert states.rows_skipped.tolist() == [ROWS - len(rows()) + weightless]


COLUMNS = {
    "moments": "__moments_columns(y, x[1], x[2], x[3])",
    "weighted_moments": "__weighted_moments_columns(y, w, x[1], x[2], x[3])",
}


@pytest.mark.parametrize("kernel", COLUMNS)
def test_features_as_arguments_of_their_own(t, kernel):
    """Features as arguments give the state of an array to the bit, by group and in a window too."""
    for clauses in ("FROM t", "FROM t WHERE y IS NULL AND x[2] IS NULL", "FROM t WHERE i < 100"):
        assert t.value(f"SELECT madlib.{COLUMNS[kernel]} {clauses}") == state(t, kernel, clauses)
    by_group = "SELECT madlib.{} FROM t WHERE i % 33 <> 11 GROUP BY g ORDER BY g"
    assert t(by_group.format(COLUMNS[kernel])) == t(by_group.format(f"{kernel}_state({CALLS[kernel]})"))
    *_, last = t(f"SELECT madlib.{COLUMNS[kernel]} OVER (ORDER BY i) FROM t ORDER BY i")
    assert last[0] == state(t, kernel)


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("part", ["i % 2", "i", "i / 64", "i < 0", "random()"])
def test_merged_parts_are_the_whole(t, kernel, part):
    parts = f"(SELECT madlib.{kernel}_state({CALLS[kernel]}) AS s FROM t GROUP BY {part}) AS p"
    merged = t.value(f"SELECT madlib.{kernel}_merge(s) FROM {parts}")
    assert held(kernel, merged) == held(kernel, state(t, kernel))


@pytest.mark.parametrize("kernel", FITTED)
def test_merged_parts_fit_as_the_whole(t, kernel):
    merged = t(
        f"""
        SELECT madlib.regr_fit(madlib.{kernel}_merge(s))
        FROM (SELECT madlib.{kernel}_state({CALLS[kernel]}) AS s FROM t GROUP BY g, i % 10) AS p
        """
    )
    assert merged == t(f"SELECT madlib.regr_fit(madlib.{kernel}_state({CALLS[kernel]})) FROM t")


def test_states_that_were_kept_in_a_table(t):
    """None lies as C wants doubles to lie, and a small one has a length word of one byte."""
    t('CREATE TABLE kept (padding "char", s bytea)')
    t("INSERT INTO kept SELECT 'a', madlib.moments_state(y, x) FROM t GROUP BY i < 100")
    t("INSERT INTO kept SELECT 'b', madlib.moments_state(NULL, NULL) FROM generate_series(1, 5)")
    assert t.value("SELECT min(pg_column_size(s)) FROM kept") < 126
    merged = t.rows("SELECT (madlib.regr_fit(madlib.moments_merge(s))).* FROM kept")[0]
    whole = t.rows("SELECT (madlib.regr_agg(y, x)).* FROM t")[0]
    assert merged.pop("num_missing_rows_skipped") == whole.pop("num_missing_rows_skipped") + 5
    assert merged == whole


@pytest.mark.parametrize(("storage", "smallest", "largest"), [("EXTENDED", 0, 2e5), ("EXTERNAL", 3e5, 4e5)])
def test_large_states_that_were_kept_out_of_line(sql, storage, smallest, largest):
    """200 columns, 330 kB; of small whole numbers, they compress."""
    sql(
        "CREATE TABLE wide AS SELECT i AS y, array_agg((i * j % 7)::float8) AS x "
        "FROM generate_series(1, 300) i, generate_series(1, 200) j GROUP BY i"
    )
    sql(f"CREATE TABLE kept (s bytea); ALTER TABLE kept ALTER s SET STORAGE {storage}")
    sql("INSERT INTO kept SELECT madlib.moments_state(y, x) FROM wide GROUP BY y % 2")
    assert all(smallest < size < largest for (size,) in sql("SELECT pg_column_size(s) FROM kept"))
    kept = sql.value("SELECT madlib.moments_merge(s) FROM kept")
    assert kept == sql.value("SELECT madlib.moments_state(y, x) FROM wide")


def test_the_order_of_rows_does_not_matter(sql):
    """Values over ten orders of magnitude; a change of order changes no digit that anybody sees."""
    generator = random.Random(7)
    values = [
        (generator.gauss(0, 1) * 10 ** generator.uniform(-5, 5), generator.gauss(3, 1)) for _ in range(999)
    ]
    sql("CREATE TABLE r (i serial, y float8, x float8)")
    sql("INSERT INTO r (y, x) VALUES " + ", ".join(f"({y!r}, {x!r})" for y, x in values))
    fits = [
        sql(f"SELECT (madlib.regr_agg(y, ARRAY[1, x] ORDER BY {order})).* FROM r")[0]
        for order in ("i", "i DESC", "y", "abs(y) DESC", "md5(i::text)")
    ]
    flat = np.array([np.hstack([np.ravel(v) for v in fit if not isinstance(v, bool)]) for fit in fits], float)
    assert np.all(np.abs(flat - flat[0]) <= 1e-15 * np.abs(flat[0]))


@pytest.mark.parametrize("kernel", KERNELS)
def test_parallel_workers_make_the_same_state(t, kernel):
    query = f"SELECT madlib.{kernel}_state({CALLS[kernel]}) FROM t"
    serial = t.value(query)
    t("SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0; SET min_parallel_table_scan_size = 0")
    t("ALTER TABLE t SET (parallel_workers = 2)")
    plan = json.dumps(t.value(f"EXPLAIN (ANALYZE, FORMAT JSON) {query}"))
    assert '"Workers Launched": 2' in plan
    assert '"Partial Mode": "Partial"' in plan
    assert t.value(query) == serial
    grouped = f"SELECT g, madlib.{kernel}_state({CALLS[kernel]}) FROM t GROUP BY g ORDER BY g"
    in_parallel = t(grouped)
    t("SET max_parallel_workers_per_gather = 0")
    assert t(grouped) == in_parallel


@pytest.mark.parametrize("kernel", KERNELS)
def test_where_aggregates_can_stand(t, kernel):
    call = f"madlib.{kernel}_state({CALLS[kernel]})"
    by_where = [state(t, kernel, f"FROM t WHERE g = {g}") for g in range(3)]
    assert [s for (s,) in t(f"SELECT {call} FROM t GROUP BY g ORDER BY g")] == by_where
    assert t.value(f"SELECT {call} FILTER (WHERE g = 1) FROM t") == by_where[1]
    twice = "(SELECT * FROM t UNION ALL SELECT * FROM t)"
    assert t.value(f"SELECT {call} FROM (SELECT DISTINCT * FROM {twice} AS b) AS d") == state(t, kernel)
    sets = t(f"SELECT {call}, {call} FROM t GROUP BY GROUPING SETS ((g), ()) ORDER BY g")
    assert [s for s, _ in sets] == [*by_where, state(t, kernel)]


def test_a_window_is_the_fit_of_its_rows(t):
    """The final function runs on a state that goes on growing."""
    windows = t(
        "SELECT i, madlib.mregr_coef(y, x) OVER (ORDER BY i), "
        "madlib.regr_agg(y, x) OVER (ORDER BY i ROWS 20 PRECEDING) FROM t ORDER BY i"
    )
    for i, growing, sliding in windows[::23]:
        assert growing == t.value(f"SELECT madlib.mregr_coef(y, x) FROM t WHERE i <= {i}"), i
        assert sliding == t.value(f"SELECT madlib.regr_agg(y, x) FROM t WHERE i BETWEEN {i - 20} AND {i}"), i


def test_exact_sums_of_numbers_that_cancel(sql):
    """1e16 + 1 - 1e16 = 1: what plain doubles lose."""
    values = [1e16, 1.0, -1e16] * 100
    sql("CREATE TABLE c (x float8); INSERT INTO c VALUES " + ", ".join(f"({v!r})" for v in values))
    body = States.parse(sql.value("SELECT madlib.moments_state(1, ARRAY[x]) FROM c"), 1).body[0]
    assert Fraction(body[2]) + Fraction(body[3]) == 100


@pytest.mark.parametrize("waiting", [1, 4, 5, 8, 9, 127, 128, 129, 190])
def test_rows_wait_beside_a_large_body_as_beside_a_small_one(sql, waiting):
    """Space for waiting rows grows by doubling beside a body of 1,604 numbers, at once beside 80,004."""
    outcomes = [
        sql.value(
            "SELECT madlib.__dtree_sample_outcome("
            f"madlib.dtree_sample_state(i, ARRAY[sin(i)], ARRAY[{keep}, 0]))"
            f" FROM generate_series(1, {waiting}) AS i"
        )
        for keep in (200, 10_000)
    ]
    assert outcomes[0] == outcomes[1]
    assert States.parse(outcomes[0], 1).body[0, 0] == waiting
