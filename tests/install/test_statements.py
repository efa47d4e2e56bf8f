"""SQL taken apart, and made so that it can be run again."""

import pytest

from madpy.errors import MadpyError
from madpy.install.statements import created_names, repeatable, split


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT 1;",
        "SELECT 'a;b', E'it\\'s;', \"c;d\";",
        "SELECT $$a;$b$;$$, $x$ $$;$$ $x$;",
        "SELECT /* ; */ 1 -- ;\n;",
        "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT CASE WHEN true THEN 1 END; SELECT 2; END;",
        "SELECT a$b, $1;",
    ],
)
def test_a_semicolon_inside_ends_nothing(statement: str) -> None:
    assert list(split(f"{statement}\n-- next\n{statement}")) == [("", statement), ("\n-- next\n", statement)]


def test_what_follows_the_last_statement_is_kept() -> None:
    assert list(split("SELECT 1; -- end\n")) == [("", "SELECT 1;"), (" -- end\n", "")]


def test_a_missing_semicolon() -> None:
    with pytest.raises(MadpyError, match="statement without its semicolon: 'SELECT 2'"):
        list(split("SELECT 1; SELECT 2"))


@pytest.mark.parametrize(
    ("written", "repeated"),
    [
        ("-- f\nCREATE FUNCTION s.f() ...;", "-- f\nCREATE OR REPLACE FUNCTION s.f() ...;"),
        ("create or replace view s.v AS ...;", "CREATE OR REPLACE view s.v AS ...;"),
        ("CREATE AGGREGATE s.a(int) (...);", "CREATE OR REPLACE AGGREGATE s.a(int) (...);"),
        ("CREATE TABLE s.t (x int);", "CREATE TABLE IF NOT EXISTS s.t (x int);"),
        ("COMMENT ON TYPE s.p IS 'a pair';", "COMMENT ON TYPE s.p IS 'a pair';"),
    ],
)
def test_what_is_there_is_replaced_or_kept(written: str, repeated: str) -> None:
    assert repeatable(written, "here") == repeated


@pytest.mark.parametrize("written", ["CREATE TYPE s.p AS (x int);", "CREATE CAST (int AS s.p) ...;"])
def test_what_cannot_be_replaced_is_left_where_it_is(written: str) -> None:
    repeated = repeatable(written, "here")
    assert written in repeated
    assert "EXCEPTION WHEN duplicate_object" in repeated


def test_what_cannot_be_repeated_is_an_error() -> None:
    with pytest.raises(MadpyError) as caught:
        repeatable("INSERT INTO s.t VALUES (1);", "module a")
    assert (
        caught.value.message
        == "module a has a statement that an upgrade cannot repeat: 'INSERT INTO s.t VALUES (1);'"
    )


def test_names_that_are_created() -> None:
    functions = "CREATE FUNCTION s.f(int) ...; CREATE FUNCTION s.f(text) ...;"
    assert created_names(f"{functions} CREATE TYPE s.p AS (); CREATE CAST (a AS b) ...;") == ["s.f", "s.p"]
