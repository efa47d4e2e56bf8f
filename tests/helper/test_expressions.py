"""Expressions and columns of a source."""

import pytest

from madpy.errors import MadpyError
from madpy.helper.helper import check_columns, check_expression, check_expressions, check_source

CAST = "Cast it or choose another expression."
WRITE_CAP = 'Write "Cap", with the double quotes.'
NO_SET = "features: a function that returns a set cannot be used here"
COLUMNS = 'Use columns of table "houses": id, price, "fixed acidity", "Cap", plant, sold, x, kind, rate, doc.'


@pytest.fixture
def source(db):
    db.execute(
        """
        CREATE TYPE kind AS ENUM ('a', 'b');
        CREATE DOMAIN rate AS float8 CHECK (VALUE >= 0);
        CREATE DOMAIN low_rate AS rate CHECK (VALUE < 1);
        CREATE TABLE houses (id int, price float8, "fixed acidity" float8, "Cap" int, plant text,
                             sold boolean, x float8[], kind kind, rate low_rate, doc json);
        """
    )
    return check_source(db, "houses")


def refused(check, *arguments) -> tuple[str, str, str | None]:
    with pytest.raises(MadpyError) as error:
        check(*arguments)
    return error.value.sqlstate, error.value.message, error.value.hint


def test_columns_and_expressions(db, source):
    found = check_expressions(source, 'price, "fixed acidity", id + 1, rate', "features")
    assert found.names == ["price", "fixed acidity", "id + 1", "rate"]
    assert found.types == ["double precision", "double precision", "integer", "double precision"]
    assert (found.is_array, found.is_vector) == (False, False)


def test_an_array_as_written(db, source):
    found = check_expressions(source, "ARRAY[1, price, coalesce(id, 0)]", "features")
    assert (found.names, found.is_array, found.is_vector) == (["1", "price", "coalesce(id, 0)"], True, False)


def test_a_vector(db, source):
    found = check_expressions(source, "x", "features")
    assert (found.types, found.is_array, found.is_vector) == (["double precision"], False, True)
    assert check_expressions(source, "array_prepend(1, x)", "features").is_vector


def test_items_are_operands(db, source):
    """A comment at an item's end and a low precedence change nothing around it."""
    found = check_expressions(source, "1 + id -- a comment", "features")
    db.execute("INSERT INTO houses (id) VALUES (1)")
    assert db.value("SELECT 2 * {item:q} * 1 FROM houses", item=found.items[0]) == 4


def test_kinds(db, source):
    found = check_expressions(source, "sold, kind, plant, rate", "features", "number, boolean or text")
    assert found.kinds == ["boolean", "text", "text", "number"]


def test_more_expressions_than_a_statement_has_room_for(db, source):
    """All in two statements, in their order; with a statement each inside it took the square of the time."""
    found = check_expressions(source, ", ".join(f"id + {n}, price" for n in range(1000)), "features")
    assert found.types == ["integer", "double precision"] * 1000


def test_no_row_is_read(db, source):
    db.execute("INSERT INTO houses (id) VALUES (0)")
    assert check_expressions(source, "1 / id", "features").types == ["integer"]


@pytest.mark.parametrize(
    ("text", "sqlstate", "message", "hint"),
    [
        (None, "22004", "features must not be null", None),
        (" ", "22023", "features must not be empty", COLUMNS),
        ("plnt", "42703", 'column "plnt" of table "houses" does not exist', COLUMNS),
        ("price + plnt", "42703", 'column "plnt" of table "houses" does not exist', COLUMNS),
        ("houses.plnt", "42703", 'column "plnt" of table "houses" does not exist', COLUMNS),
        ("Cap", "42703", 'column "cap" of table "houses" does not exist', WRITE_CAP),
        ("plant", "42804", 'features: "plant" is of type text, a number is needed', CAST),
        ("sold", "42804", 'features: "sold" is of type boolean, a number is needed', CAST),
        ("x, price", "42804", 'features: "x" is of type double precision[], a number is needed', CAST),
        ("houses", "42804", 'features: "houses" is of type houses, a number is needed', CAST),
        ("sum(price)", "42803", "features: an aggregate function cannot be used here", None),
        ("row_number() OVER ()", "42P20", "features: a window function cannot be used here", None),
        ("generate_series(1, id)", "0A000", NO_SET, None),
        ("ROW() = ROW()", "0A000", "features: cannot compare rows of zero length", None),
        ("pg_shadow.passwd", "42P01", 'features: missing FROM-clause entry for table "pg_shadow"', None),
        ("1 / 0", "22012", "features: division by zero", None),
    ],
)  # fmt: skip
def test_refused(db, source, text, sqlstate, message, hint):
    assert refused(check_expressions, source, text, "features") == (sqlstate, message, hint)


@pytest.mark.parametrize(
    "text",
    [
        "price; DROP TABLE houses",
        "price FROM pg_shadow --",
        "price) FROM pg_shadow; --",
        "price AS y",
        "*",
        "a,,b",
        ");",
    ],
)
def test_only_expressions_get_through(db, source, text):
    sqlstate, message, _ = refused(check_expressions, source, text, "features")
    assert sqlstate == "42601"
    assert message.startswith("features: ")
    assert db.value("SELECT to_regclass('houses')") == "houses"


def test_a_name_that_needs_quotes(db, source):
    sqlstate, _, hint = refused(check_expressions, source, "price, fixed acidity", "features")
    assert (sqlstate, hint) == ("42601", 'Write "fixed acidity", with the double quotes.')


def test_a_hostile_column_is_a_column(db):
    db.execute("CREATE TABLE hostile ({c:i} float8)", c='a") from pg_shadow; --')
    source = check_source(db, "hostile")
    found = check_expressions(source, '"a"") from pg_shadow; --"', "features")
    assert found.names == ['a") from pg_shadow; --']
    assert check_columns(source, '"a"") from pg_shadow; --"', "grouping_cols") == found.names


def test_one_expression(db, source):
    assert check_expression(source, "price * 2", "target").types == ["double precision"]
    assert refused(check_expression, source, "price, id", "target")[:2] == (
        "22023",
        "target must be one expression, not 2",
    )
    for text in ("x", "ARRAY[price]"):
        assert refused(check_expression, source, text, "target")[:2] == (
            "42804",
            "target must be one expression, not an array",
        )


def test_the_callers_rights(db, source, sql, role, schema):
    sql(f"GRANT USAGE ON SCHEMA {schema} TO {role}; GRANT SELECT (id) ON houses TO {role}")
    db.execute("SET ROLE {role:i}", role=role)
    assert check_expressions(source, "id", "features").names == ["id"]
    assert refused(check_expressions, source, "price", "features") == (
        "42501",
        "permission denied for table houses",
        f"Ask its owner for GRANT SELECT ON {schema}.houses.",
    )


def test_grouping_columns(db, source):
    assert check_columns(source, 'plant, "Cap", Kind', "grouping_cols") == ["plant", "Cap", "kind"]
    assert check_columns(source, None, "grouping_cols") == check_columns(source, " ", "grouping_cols") == []


@pytest.mark.parametrize(
    ("text", "sqlstate", "message"),
    [
        ("plant, plant", "42701", 'grouping_cols: column "plant" is named twice'),
        ("nope", "42703", 'column "nope" of table "houses" does not exist'),
        ("id + 1", "22023", 'grouping_cols: "id + 1" is not a column'),
        ("ARRAY[id]", "22023", 'grouping_cols: "id" is not a column'),
        ("doc", "42804", 'grouping_cols: "doc" is of type json, which cannot be grouped by'),
    ],
)
def test_grouping_columns_refused(db, source, text, sqlstate, message):
    assert refused(check_columns, source, text, "grouping_cols")[:2] == (sqlstate, message)
