"""Typed holes keep values and types; errors keep what the server said."""

import math
from datetime import timedelta

import pytest

from madpy.errors import MadpyError, SqlError
from madpy.ports.postgres.session.sql import Relation, fill, literal

NASTY = "a'b\"c\\d{x:l}; DROP TABLE t; --\n%s"
VALUES = [
    (True, "boolean"),
    (0, "integer"),
    (-7, "integer"),
    (2**40, "bigint"),
    (0.1, "double precision"),
    (-math.inf, "double precision"),
    (b"\x00\xff", "bytea"),
    ([1, -2, None], "bigint[]"),
    ([0.1, math.inf], "double precision[]"),
    ([[1.5, 2.0], [3.0, 4.0]], "double precision[]"),
    ([True, False], "boolean[]"),
    (["a", NASTY, None], "text[]"),
]


@pytest.mark.parametrize("strings", ["on", "off"])
@pytest.mark.parametrize(("value", "type_name"), VALUES, ids=str)
def test_a_literal_keeps_value_and_type(db, strings, value, type_name):
    db.execute("SET standard_conforming_strings = {v:q}", v=strings)
    row = db.execute("SELECT {v:l} AS v, pg_typeof({v:l})::text AS t", v=value)[0]
    assert row == {"v": value, "t": type_name}


@pytest.mark.parametrize("strings", ["on", "off"])
def test_a_string_is_only_ever_a_string(db, strings):
    db.execute("SET standard_conforming_strings = {v:q}", v=strings)
    assert db.value("SELECT {v:l}", v=NASTY) == NASTY
    assert db.value("SELECT ({v:l} ->> 'k')", v={"k": NASTY}) == NASTY


def test_null_nan_negative_numbers_and_intervals(db):
    assert db.value("SELECT {v:l}", v=None) is None
    assert math.isnan(db.value("SELECT {v:l}", v=math.nan))
    assert db.value("SELECT 5 -{v:l}", v=-2) == 7
    assert db.value("SELECT {v:l}::text", v=timedelta(seconds=1.25)) == "00:00:01.25"
    assert db.value("SELECT {v:l}::text[]", v=[]) == []


def test_identifiers_are_always_quoted(db):
    name = 'a") FROM pg_shadow; --'
    db.execute("CREATE TEMP TABLE {t:i} AS SELECT 1 AS {c:i}", t=NASTY, c=name)
    assert db.execute("SELECT {c:i,} 2 AS two FROM {t:i}", t=Relation("pg_temp", NASTY), c=[name]) == [
        {name: 1, "two": 2}
    ]


def test_filling_is_one_pass_and_leaves_other_braces():
    sql = fill("SELECT '{}', {a:l}, {b:q}, {1:2}", {"a": "{b:q}", "b": "x"})
    assert sql == "SELECT '{}', '{b:q}', x, {1:2}"


@pytest.mark.parametrize("value", [object(), {1, 2}, [1, "a"], [object()]])
def test_what_has_no_literal_is_a_mistake_in_the_program(value):
    with pytest.raises(TypeError):
        literal(value)


def test_zero_bytes_and_empty_names_are_refused():
    with pytest.raises(MadpyError, match="zero byte") as error:
        fill("{x:l}", {"x": "a\0b"})
    assert error.value.sqlstate == "22021"
    with pytest.raises(MadpyError, match="must not be empty") as error:
        fill("{x:i}", {"x": ""})
    assert error.value.sqlstate == "42602"


def test_an_error_keeps_what_the_server_said(db):
    with pytest.raises(SqlError) as error:
        db.execute(
            "DO $$BEGIN RAISE EXCEPTION E'one\ntwo' USING ERRCODE = 'MD001', DETAIL = 'd', HINT = 'h'; END$$"
        )
    assert (error.value.sqlstate, error.value.message) == ("MD001", "one\ntwo")
    assert (error.value.detail, error.value.hint) == ("D.", "H.")


def test_atomic_undoes_all_and_can_be_nested(db):
    with pytest.raises(SqlError), db.atomic():
        db.execute("CREATE TABLE kept_not ()")
        db.execute("SELECT 1/0")
    with db.atomic():
        db.execute("CREATE TABLE kept ()")
        with pytest.raises(SqlError), db.atomic():
            db.execute("CREATE TABLE kept_not ()")
            db.execute("SELECT 1/0")
    assert db.value("SELECT to_regclass('kept_not')") is None
    assert db.value("SELECT to_regclass('kept')") == "kept"
