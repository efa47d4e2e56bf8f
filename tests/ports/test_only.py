"""A driver that needs the server's own folder is called there by Python outside."""

import pytest

from madpy.errors import MadpyError
from madpy.ports.postgres import plpy
from madpy.ports.postgres.session.udf import run


def test_sk_train_from_outside(db, sql):
    sql("CREATE TABLE t AS SELECT i::float8 AS x, 2.0 * i AS y FROM generate_series(1, 9) AS i")
    arguments = ("y", "x", "linear", '{"fit_intercept": false}', None, None, "{}", None, 0, False, "auto")
    answer = run(plpy, "madlib", "sk.train", ("t", "m", *arguments), "sk_")
    assert (answer["algorithm"], answer["num_rows_processed"]) == ("linear", 9)
    assert sql.value("SELECT round(madlib.sk_predict(model, 5.0)) FROM m") == 10


def test_the_error_names_the_function_once(db, sql):
    arguments = ("y", "x", "linear", "{}", None, None, "{}", None, 0, False, "auto")
    with pytest.raises(MadpyError, match=r'^sk_train: table "nowhere" does not exist') as error:
        run(plpy, "madlib", "sk.train", ("nowhere", "m", *arguments), "sk_")
    assert error.value.sqlstate == "42P01"


def test_a_set_of_rows(db):
    rows = run(plpy, "madlib", "sk.algorithms", (), "sk_")
    assert {"linear", "ridge"} <= {row["algorithm"] for row in rows}
