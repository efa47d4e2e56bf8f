"""argmax: against ORDER BY, in parallel, and with bytes that nobody made."""

import random

import pytest

KEYS = {"smallint": "g % 1000 - 500", "integer": "g", "bigint": "g + 3000000000", "text": "md5(g::text)"}


@pytest.mark.parametrize(("type_name", "key"), KEYS.items())
def test_it_is_what_order_by_finds(sql, type_name, key):
    sql(
        f"CREATE TABLE t AS SELECT ({key})::{type_name} AS k, (g * 7919 % 101)::float8 AS v, g % 3 AS part"
        " FROM generate_series(1, 1000) AS g"
    )
    found = sql("SELECT part, madlib.argmax(k, v) FROM t GROUP BY part ORDER BY part")
    order = 'k COLLATE "C"' if type_name == "text" else "k"
    assert found == sql(f"SELECT DISTINCT ON (part) part, k FROM t ORDER BY part, v DESC, {order}")
    returned = "integer" if type_name == "smallint" else type_name
    assert sql.value("SELECT pg_typeof(madlib.argmax(k, v))::text FROM t") == returned


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ("(1, 5.0), (2, 7), (3, 6)", 2),
        ("(3, 7.0), (2, 7), (4, 7)", 2),
        ("(1, NULL), (NULL, 9.0), (2, -1)", 2),
        ("(3, 'NaN'::float8), (1, 'Infinity'), (2, 'NaN')", 2),
        ("(5, '-Infinity'::float8)", 5),
        ("(2, '0'::float8), (1, '-0')", 1),
        ("(1, NULL::float8)", None),
    ],
    ids=["plain", "tie", "null", "nan", "minus infinity", "zeros", "nothing"],
)
def test_ties_nulls_and_special_values(sql, rows, expected):
    assert sql.value(f"SELECT madlib.argmax(k, v) FROM (VALUES {rows}) AS t(k, v)") == expected


def test_texts(sql):
    assert sql.value("SELECT madlib.argmax(k, 1) FROM (VALUES ('b'), ('aa'), ('a')) AS t(k)") == "a"
    assert sql.value("SELECT madlib.argmax(k, length(k)) FROM (VALUES (''), ('été')) AS t(k)") == "été"
    assert (
        sql.value("SELECT length(madlib.argmax(repeat('x', g), g)) FROM generate_series(1, 3000) AS g")
        == 3000
    )


def test_filter_window_and_empty(sql):
    assert sql.value("SELECT madlib.argmax(g, g) FILTER (WHERE g < 5) FROM generate_series(1, 9) AS g") == 4
    assert sql.value("SELECT madlib.argmax(g, g) FROM generate_series(1, 0) AS g") is None
    assert sql("SELECT madlib.argmax(g, -abs(g - 2)) OVER (ORDER BY g) FROM generate_series(1, 4) AS g") == [
        (1,),
        (2,),
        (2,),
        (2,),
    ]


@pytest.mark.parametrize(("type_name", "key"), KEYS.items())
def test_parallel_workers_agree(sql, type_name, key):
    sql(
        f"CREATE TABLE t AS SELECT ({key})::{type_name} AS k, (g % 97)::float8 AS v"
        " FROM generate_series(1, 50000) AS g"
    )
    query = "SELECT madlib.argmax(k, v) FROM t"
    alone = sql.value(query)
    sql(
        "ALTER TABLE t SET (parallel_workers = 2); SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0;"
        " SET min_parallel_table_scan_size = 0"
    )
    assert "Partial Aggregate" in "\n".join(line for (line,) in sql(f"EXPLAIN {query}"))
    assert sql.value(query) == alone


@pytest.mark.parametrize(("type_name", "key"), KEYS.items())
def test_states_of_parts_merge(sql, type_name, key):
    sql(
        f"CREATE TABLE t AS SELECT ({key})::{type_name} AS k, (g % 97)::float8 AS v"
        " FROM generate_series(1, 500) AS g"
    )
    sql(
        "CREATE TABLE states AS SELECT madlib.argmax_state(k, v) AS s FROM t GROUP BY v UNION ALL SELECT NULL"
    )
    merged = sql.value(f"SELECT madlib.argmax_merge(s)::{type_name} FROM states")
    assert merged == sql.value("SELECT madlib.argmax(k, v) FROM t")


def test_states_of_different_keys_do_not_merge(sql):
    error = sql.fails(
        "SELECT madlib.argmax_merge(s) FROM (SELECT madlib.argmax_state('a', 1) AS s"
        " UNION ALL SELECT madlib.argmax_state(1, 1)) AS t"
    )
    assert (error.sqlstate, error.message) == ("42804", "states of argmax have keys of different types")
    assert sql.fails("SELECT madlib.__argmax_bigint(madlib.argmax_state(1, 1))").sqlstate == "42804"


def test_a_state_from_outside_is_not_changed(sql):
    """Called as a plain function, the step must not write into its argument."""
    sql("CREATE TABLE states AS SELECT madlib.argmax_state(1, 1) AS s")
    stepped = "madlib.__argmax_integer(madlib.__argmax_step(s, 2, 9))"
    assert sql(f"SELECT {stepped}, madlib.__argmax_integer(s) FROM states") == [(2, 1)]


def damaged(state: bytes, chance: random.Random) -> bytes:
    """The state with a byte changed, cut, or grown; or bytes of chance."""
    kind = chance.randrange(4)
    if kind == 0:
        at = chance.randrange(len(state))
        return state[:at] + bytes([chance.randrange(256)]) + state[at + 1 :]
    if kind == 1:
        return state[: chance.randrange(len(state))]
    if kind == 2:
        return state + chance.randbytes(chance.randrange(1, 9))
    return chance.randbytes(chance.randrange(64))


@pytest.mark.parametrize("key", ["7", "7::bigint", "'seven'::text"])
def test_malformed_states_are_errors_at_worst(sql, key):
    chance = random.Random(20240229)
    state = sql.value(f"SELECT madlib.argmax_state({key}, 1.5)")
    sql(
        "CREATE FUNCTION pg_temp.attempt(a bytea, b bytea) RETURNS text LANGUAGE plpgsql AS $$ BEGIN"
        " PERFORM madlib.argmax_merge(s) FROM (VALUES (a), (b)) AS t(s);"
        " PERFORM madlib.__argmax_step(a, 1, 2);"
        " RETURN 'fine'; EXCEPTION WHEN OTHERS THEN RETURN SQLSTATE; END $$"
    )
    states = ", ".join(f"('\\x{damaged(state, chance).hex()}'::bytea)" for _ in range(2000))
    good = f"'\\x{state.hex()}'::bytea"
    seen = sql(
        f"SELECT pg_temp.attempt({good}, s), pg_temp.attempt(s, {good}) FROM (VALUES {states}) AS t(s)"
    )
    # malformed; key of another type; text that is not in the server's encoding
    assert {code for row in seen for code in row} <= {"fine", "22P03", "42804", "22021"}
    assert sum(row[0] == "22P03" for row in seen) > 1000


def test_a_malformed_state_says_so(sql):
    error = sql.fails("SELECT madlib.argmax_merge('\\x00')")
    assert (error.sqlstate, error.message) == ("22P03", "malformed state of argmax")
    assert error.hint == "Pass a state that argmax_state() of this version of madpy returned."
