"""Statements over the catalogue, whose plans the session keeps from call to call."""

from tests.ports.inside import inside
from tests.session import Session

LOOK_UP = "SELECT {texts:l}::text[] AS texts, {one:l}::text AS one, {none:l} IS NULL AS is_none"


def test_texts_are_parameters(sql: Session) -> None:
    body = f"""
        return [
            db.execute_kept({LOOK_UP!r}, texts=texts, one=one, none=None)[0]
            for texts, one in [(["a'", "{{x:l}}", "\\\\"], "$1"), ([None], ""), ([], "NULL")]
        ]
    """
    assert inside(sql, body) == [
        {"texts": ["a'", "{x:l}", "\\"], "one": "$1", "is_none": True},
        {"texts": [None], "one": "", "is_none": True},
        {"texts": [], "one": "NULL", "is_none": True},
    ]


def test_a_zero_byte_is_refused(sql: Session) -> None:
    assert sql.fails("SELECT madlib.regr_train(E'a', 'm', 'y', 'x')").sqlstate == "42P01"
    body = """
        from madpy.errors import MadpyError
        try:
            db.execute_kept("SELECT {x:l}", x="a" + chr(0))
        except MadpyError as error:
            return error.sqlstate
    """
    assert inside(sql, body) == "22021"


def test_later_calls_plan_nothing_new(sql: Session) -> None:
    """Plans are found by their text, whatever the names of tables are."""
    sql("CREATE TABLE t AS SELECT i AS a, sin(i) AS y FROM generate_series(1, 9) AS i")
    sql("CREATE TABLE u AS TABLE t")
    count = "from madpy.ports.postgres.session.db import _plans; return len(_plans)"
    sql("SELECT madlib.regr_train('t', 'm', 'y', 'a')")
    plans = inside(sql, count)
    sql("SELECT madlib.regr_train('u', 'n', 'a', 'y')")
    assert inside(sql, count) == plans > 0


def test_a_kept_plan_follows_the_search_path_and_the_catalogue(sql: Session) -> None:
    sql("CREATE TABLE t AS SELECT i AS a, sin(i) AS y FROM generate_series(1, 9) AS i")
    for number in range(8):  # the last of them with the plan for all values
        sql(f"SELECT madlib.regr_train('t', 'm{number}', 'y', 'a')")
    assert sql.fails("SELECT madlib.regr_train('t', 'm0', 'y', 'a')").sqlstate == "42P07"
    sql("CREATE TEMPORARY TABLE t AS SELECT i AS b, cos(i) AS z FROM generate_series(1, 7) AS i")
    assert sql.value("SELECT (madlib.regr_train('t', 'of_temporary', 'z', 'b')).num_rows_processed") == 7
    sql("DROP TABLE pg_temp.t; SET search_path = pg_temp")
    assert sql.fails("SELECT madlib.regr_train('t', 'n', 'y', 'a')").sqlstate == "42P01"
