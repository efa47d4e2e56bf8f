"""Parameters of groups as bytes, and views over parts: whatever they are given, an error and no crash."""

import struct

import pg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from madpy.ports.postgres.layouts.keys import PACKED_MAGIC
from madpy.ports.postgres.session.keys import packed_keys
from tests.session import Session

GOOD = packed_keys([["a", "1"], [None, "2"], ["ü", None]], [[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
CALL = "SELECT madlib.__key_params('\\x{0}', 'a'::text, 1), madlib.__key_number('\\x{0}', NULL::text, 2)"


def tried(sql: Session, data: bytes) -> list[tuple[object, ...]]:
    """Return the result of the call; an error has to be one of data."""
    try:
        return sql(CALL.format(data.hex()))
    except pg.DatabaseError as error:
        assert error.sqlstate[:2] == "22", error
        return []


def test_good_bytes(sql: Session) -> None:
    assert tried(sql, GOOD) == [([1.0, 2.0], 1)]
    assert sql(f"SELECT madlib.__key_number('\\x{GOOD.hex()}', 'b'::text, 1)") == [(None,)]


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_altered_bytes(sql: Session, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(GOOD) - 1))
    altered = GOOD[:at] + data.draw(st.binary(min_size=1, max_size=8)) + GOOD[at + 1 :]
    tried(sql, data.draw(st.sampled_from([altered, GOOD[:at], GOOD[at:], altered[: len(GOOD)]])))
    assert sql.connection.status == 1


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=64), st.integers(-2, 2**31 - 1), st.integers(-2, 3), st.integers(-2, 2**31 - 1))
def test_any_bytes_behind_a_head(sql: Session, rest: bytes, groups: int, keys: int, width: int) -> None:
    tried(sql, struct.pack("<Iiii", PACKED_MAGIC, groups, keys, width) + rest)
    assert sql.connection.status == 1


def test_types_without_a_hash(sql: Session) -> None:
    packed = packed_keys([["(1,2)"]], [[1.0]]).hex()
    error = sql.fails(f"SELECT madlib.__key_params('\\x{packed}', point '(1,2)')")
    assert (error.sqlstate, error.message) == (
        "42883",
        "values of type point cannot be looked up: the type has no hash function",
    )
    error = sql.fails(
        f"SELECT madlib.__key_params(decode(x, 'hex'), 1) FROM (VALUES ('{packed}')) AS v(x), pg_class"
    )
    assert error.sqlstate[:2] == "22"


@pytest.mark.parametrize("view", ["t", "t_pkey", "s", "c", "v_join", "v_other", "m"])
def test_views_that_are_none(sql: Session, view: str) -> None:
    """Tables, indexes, sequences, types; views of other tables."""
    sql("CREATE TABLE t (a int PRIMARY KEY, gone int, b text)")
    sql("ALTER TABLE t DROP COLUMN gone")
    sql("CREATE TABLE u (b text, a int)")
    sql("CREATE SEQUENCE s")
    sql("CREATE TYPE c AS (a int)")
    sql("CREATE VIEW v AS SELECT b, a FROM t WHERE a > 1")
    sql("CREATE VIEW v_join AS SELECT a.b FROM t AS a, t AS b")
    sql("CREATE VIEW v_other AS SELECT * FROM u")
    sql("CREATE MATERIALIZED VIEW m AS SELECT * FROM t")
    sql("CREATE VIEW v_row AS SELECT a, t FROM t")
    text = sql.value("SELECT madlib.__view_over('v', 't', 'u')")
    # from PostgreSQL 16 on a column has its table's name only where there are several tables
    assert " ".join(text.replace("u.", "").split()) == "SELECT b, a FROM ONLY u WHERE (a > 1)"
    assert sql.value("SELECT madlib.__view_over('v_row', 't', 'u')") is None
    assert sql.value("SELECT madlib.__view_over(NULL, 't', 'u')") is None
    assert sql.fails("SELECT madlib.__view_over('v', 't', 's')").sqlstate == "42804"
    assert sql.fails("SELECT madlib.__view_over('v', 't', 0)").sqlstate == "42P01"
    try:
        assert sql.value(f"SELECT madlib.__view_over('{view}', 't', 'u')") is None
    except pg.DatabaseError as error:
        assert error.sqlstate == "42809", error


def test_keys_have_to_be_a_constant(sql: Session) -> None:
    """The first value of a variable in a loop would be used for all: it has to be a constant."""
    sql(
        """
        CREATE FUNCTION loop() RETURNS integer LANGUAGE plpgsql AS $$
        DECLARE
            keys bytea := '';
        BEGIN
            RETURN madlib.__key_number(keys, 1);
        END $$
        """
    )
    error = sql.fails("SELECT loop()")
    assert (error.sqlstate, error.message) == ("22023", "parameters of groups must be a constant")
