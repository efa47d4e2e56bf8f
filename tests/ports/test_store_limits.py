"""A store at its limits: its size, its end whatever the reason, and its owner."""

import threading
import time
from fractions import Fraction

import pytest

from madpy.ports.postgres.scan.states import States
from tests.ports.inside import inside, left

NOTHING = [0, 0, 0]
FILL = "SELECT madlib.__store_fill('SELECT i, i::text FROM generate_series(1, 10000) i')"
ENDLESS = (
    "SELECT madlib.__store_fill('SELECT a, b FROM generate_series(1, 10000) a, generate_series(1, 10000) b')"
)
WIDE = f"SELECT madlib.__store_fill('SELECT {', '.join(['i'] * 600)} FROM generate_series(1, 20000) i')"


def test_more_than_a_gigabyte(sql):
    """Columns a^p b^q over all pairs of numbers up to n: every moment is a product of two sums of powers."""
    n, powers = 3600, [(p, q) for p in range(4) for q in range(4) if p + q < 4] + [(2, 2)]
    columns = ", ".join("::float8 * ".join(["1", *["a"] * p, *["b"] * q]) for p, q in powers)
    query = f"SELECT {columns} FROM generate_series(1, {n}) a, generate_series(1, {n}) b"
    sql("SET madpy.store_memory = '3GB'")
    sql("BEGIN")
    store = sql.value(f"SELECT madlib.__store_fill('{query}')")
    assert sql.value(f"SELECT num_columns * num_rows * 8 FROM madlib.__store_map({store})") > 2**30
    body = States.parse(sql.value(f"SELECT madlib.__store_step({store}, 'moments')"), 1).body[0].tolist()
    sql("COMMIT")
    sums = [sum(i**k for i in range(1, n + 1)) for k in range(9)]
    powers = [(0, 0), *powers]
    pairs = [(i, j) for i in range(len(powers)) for j in range(i + 1)]
    for (i, j), high, low in zip(pairs, body[0::2], body[1::2], strict=False):
        exact = sums[powers[i][0] + powers[j][0]] * sums[powers[i][1] + powers[j][1]]
        assert abs(Fraction(high) + Fraction(low) - exact) <= Fraction(exact, 10**28), (i, j)
    assert left(sql) == NOTHING


@pytest.mark.parametrize(
    ("memory", "query", "groups"),
    [
        ("0", "SELECT 1", 0),
        ("1MB", "SELECT i, i, i FROM generate_series(1, 100000) i", 0),
        ("3MB", "SELECT i, i % 3 FROM generate_series(1, 300000) i", 1),  # fits once, not twice
        ("1MB", "SELECT repeat(i::text, 300) FROM generate_series(1, 4000) i", 0),  # a dictionary
    ],
)
def test_too_little_memory_is_null(sql, memory, query, groups):
    sql(f"SET madpy.store_memory = '{memory}'")
    sql("BEGIN")
    assert sql.value(f"SELECT madlib.__store_fill('{query}', {groups})") is None
    assert left(sql) == NOTHING
    sql("COMMIT")
    sql("SET madpy.store_memory = '16MB'")
    assert sql.value(f"SELECT madlib.__store_fill('{query}', {groups})") is not None


# --- its end ---


@pytest.mark.parametrize("end", ["COMMIT", "ROLLBACK", "ROLLBACK TO s", "SELECT madlib.__store_free({})"])
def test_nothing_is_left(sql, end):
    sql("BEGIN")
    sql("SAVEPOINT s")
    store = sql.value(FILL)
    assert left(sql) == [1, 0, 0]
    sql(end.format(store))
    assert left(sql) == NOTHING


def test_a_released_savepoint_keeps_its_store(sql):
    sql("BEGIN; SAVEPOINT s")
    store = sql.value(FILL)
    sql("RELEASE s; SAVEPOINT t; ROLLBACK TO t")
    assert sql.value(f"SELECT num_rows FROM madlib.__store_map({store})") == 10000
    sql("ROLLBACK")
    assert left(sql) == NOTHING


@pytest.mark.parametrize(
    "wrong",
    [
        "SELECT 1 / (i - 9000) FROM generate_series(1, 10000) i",
        "SELECT 1, NULL::json",
        "SELECT nope",
        "SELECT",
    ],
)
def test_nothing_is_left_after_an_error_of_the_query(sql, wrong):
    sql("BEGIN; SAVEPOINT s")
    sql.fails(f"SELECT madlib.__store_fill('{wrong}')")
    sql("ROLLBACK TO s")
    assert left(sql) == NOTHING


@pytest.mark.parametrize("value", ["i::text", "i::numeric", "'k' || i"])
def test_more_values_than_are_wanted(sql, value):
    """The error comes with the first value that is too many; 0 and a column of numbers have no limit."""
    query = f"SELECT 1.0, CASE WHEN i = 12 THEN (1 / (i - 12))::text::int END, {value} FROM {{}}"
    first_10, first_20 = (query.format(f"generate_series(1, {rows}) AS i") for rows in (10, 20))
    sql("BEGIN")

    def fill(rows, most):
        return f"SELECT madlib.__store_fill($${rows}$$, 0, '{{3}}', {most}) IS NOT NULL"

    assert sql.value(fill(first_10, 10)) is True
    assert sql.value(fill(first_10, 0)) is True
    error = sql.fails(fill(first_20, 10))
    assert (error.sqlstate, error.message) == ("54000", "column 3 has more than 10 distinct values")
    sql("ROLLBACK")
    assert left(sql) == NOTHING
    assert sql.fails(fill(first_20, 0)).sqlstate == "22012"


def test_a_failed_transaction_does_not_wait_for_its_rollback(sql, connect):
    """Seen from beside it, since it answers nothing: a store is 20000 x 100 numbers, 16 MB and more."""
    other, pid = connect(), sql.value("SELECT pg_backend_pid()")
    fill = f"SELECT madlib.__store_fill('SELECT {', '.join(['i'] * 100)} FROM generate_series(1, 20000) i')"
    sizes = f"""
        for line in open('/proc/{pid}/status'):
            if line.startswith('VmSize'):
                return int(line.split()[1]) / 16000
    """

    def stores() -> float:
        found: float = inside(other, sizes)
        return found - before

    sql("SET madpy.store_memory = '2GB'")
    sql(f"BEGIN; {fill}; ROLLBACK")
    before = 0.0
    before = stores()
    sql("BEGIN")
    sql(fill)
    one = stores()
    assert one > 0.9
    sql("SAVEPOINT s")
    sql(fill)
    assert stores() > 1.9 * one
    sql.fails("SELECT 1 / 0")
    assert stores() < 1.1 * one
    sql("ROLLBACK TO s")
    sql.fails("RELEASE nope")
    assert stores() < 1.1 * one
    sql("ROLLBACK TO s; RELEASE s")
    sql.fails("SELECT 1 / 0")
    assert stores() < 0.1
    sql("ROLLBACK")


def test_a_failed_call_in_a_driver_leaves_nothing(sql):
    """A Python driver goes on after an error; only what it filled before is still there."""
    assert inside(
        sql,
        """
        import numpy as np
        kept = fill('SELECT i FROM generate_series(1, 5000) i')
        try:
            fill('SELECT 1 / (i - 4500) FROM generate_series(1, 5000) i')
        except Exception as error:
            sqlstate = error.sqlstate
        with open('/proc/self/maps') as maps:
            mapped = sum('memfd:madpy' in line for line in maps)
        return [sqlstate, mapped, float(kept.column(0).sum())]
        """,
    ) == ["22012", 1, 12502500]  # numpy's
    assert left(sql) == NOTHING


@pytest.mark.parametrize(
    "statement", [ENDLESS, "SELECT madlib.__store_step({}, 'moments')"], ids=["fill", "step"]
)
@pytest.mark.parametrize("by", ["timeout", "cancel"])
def test_a_cancel_works_at_once(sql, connect, statement, by):
    other, pid = connect(), sql.value("SELECT pg_backend_pid()")
    sql("SET madpy.store_memory = '2GB'")
    sql("BEGIN")
    store = sql.value(WIDE)
    sql("SAVEPOINT s")
    if by == "timeout":
        sql("SET LOCAL statement_timeout = '100ms'")
    else:
        threading.Timer(0.1, other, [f"SELECT pg_cancel_backend({pid})"]).start()
    started = time.monotonic()
    error = sql.fails(statement.format(store))
    assert time.monotonic() - started < 0.5
    assert error.sqlstate == "57014"
    sql("ROLLBACK TO s")
    assert left(sql) == [1, 0, 0]
    sql("ROLLBACK")
    assert left(sql) == NOTHING


# --- its owner ---


def test_a_store_is_its_roles_alone(sql, role):
    sql("BEGIN")
    store = sql.value(FILL)
    sql(f"SET ROLE {role}")
    for call in (
        f"__store_map({store})",
        f"__store_step({store}, 'moments')",
        f"__store_levels({store}, 1)",
        f"__store_groups({store}) AS s(n int)",
        f"__store_free({store})",
    ):
        sql("SAVEPOINT s")
        error = sql.fails(f"SELECT * FROM madlib.{call}")
        assert (error.sqlstate, error.message) == ("42704", f"there is no store {store} in this transaction")
        sql("ROLLBACK TO s")
    own = sql.value(FILL)
    sql("RESET ROLE")
    assert sql.value(f"SELECT num_rows FROM madlib.__store_map({store})") == 10000
    assert sql.fails(f"SELECT madlib.__store_free({own})").sqlstate == "42704"


def test_a_query_has_its_callers_rights_and_cannot_reach_its_own_store(sql, role, schema):
    sql(f"CREATE TABLE secret (i int); GRANT USAGE ON SCHEMA {schema} TO {role}")
    sql("BEGIN")
    following = sql.value(FILL) + 1
    sql("SAVEPOINT s")
    for function in (f"__store_free({following})", f"__store_map({following})"):
        error = sql.fails(f"SELECT madlib.__store_fill('SELECT 1 FROM madlib.{function}')")
        assert error.sqlstate == "42704"
        sql("ROLLBACK TO s")
        following += 1
    sql(f"SET ROLE {role}")
    assert sql.fails("SELECT madlib.__store_fill('SELECT i FROM secret')").sqlstate == "42501"


def test_the_stores_of_a_transaction_share_the_setting(sql):
    """Each of them would fit: 4,000 rows of eight columns are a quarter of a megabyte."""
    sql("SET madpy.store_memory = '1MB'; BEGIN")
    fill = "SELECT madlib.__store_fill('SELECT i::float8 FROM generate_series(1, 40000) AS i', 0)"
    stores = [sql.value(fill) for _ in range(8)]
    assert stores[0] is not None
    assert stores[-1] is None
    sql("ROLLBACK")


def test_a_transaction_has_few_stores(sql):
    sql("BEGIN")
    error = sql.fails(
        "SELECT count(madlib.__store_fill('SELECT 1.0::float8', 0)) FROM generate_series(1, 1001)"
    )
    assert (error.sqlstate, error.message) == ("54000", "a transaction cannot have more than 1000 stores")
    sql("ROLLBACK")
