"""version and load_dataset, from SQL."""

import threading
import time

import pytest

from madpy import __version__

SHAPES = {
    "iris": (150, 6),
    "wine": (178, 15),
    "breast_cancer": (569, 32),
    "digits": (1797, 65),
    "diabetes": (442, 11),
    "linnerud": (20, 6),
    "houses": (15, 7),
}


def test_version(sql):
    server = sql.value("SHOW server_version").split()[0]
    assert sql.value("SELECT madlib.version()") == f"madpy {__version__}, PostgreSQL {server}"


@pytest.mark.parametrize(("name", "shape"), SHAPES.items())
def test_each_data_set(sql, schema, name, shape):
    assert sql.value(f"SELECT madlib.load_dataset('{name}')") == f"{schema}.{name}"
    columns = sql.value(
        f"SELECT count(*) FROM pg_attribute WHERE attrelid = '{name}'::regclass AND attnum > 0"
    )
    assert (sql.value(f"SELECT count(*) FROM {name}"), columns) == shape
    assert sql.value(f"SELECT obj_description('{name}'::regclass)").startswith(f"{name}: ")


def test_the_table_can_be_named(sql, schema):
    made = sql.value('SELECT madlib.load_dataset($$iris$$, output_table => $$"My; ""Iris"""$$)')
    assert made == f'{schema}."My; ""Iris"""'
    assert sql(f"SELECT target_name, count(*) FROM {made} GROUP BY 1 ORDER BY 1") == [
        ("setosa", 50),
        ("versicolor", 50),
        ("virginica", 50),
    ]
    assert sql.value("SELECT madlib.load_dataset('houses', 'pg_temp.h')") == "pg_temp.h"


def test_bad_arguments(sql):
    error = sql.fails("SELECT madlib.load_dataset('irises')")
    assert (error.sqlstate, error.message) == ("22023", 'load_dataset: there is no data set "irises"')
    assert error.hint == "There are: iris, wine, breast_cancer, digits, diabetes, linnerud, houses."
    assert sql.fails("SELECT madlib.load_dataset(NULL)").sqlstate == "22004"
    sql("CREATE TABLE iris ()")
    error = sql.fails("SELECT madlib.load_dataset('iris')")
    assert (error.sqlstate, error.message) == ("42P07", 'load_dataset: output table "iris" already exists')
    assert error.hint == "Drop it or choose another name."


def test_two_sessions_create_the_same_table_at_once(sql, connect, schema):
    """The second waits for the first; PostgreSQL's own words would be about an index of its catalogue."""
    first, second, errors = connect(), connect(), []
    for session in (first, second):
        session(f"SET search_path = {schema}")
    first("BEGIN")
    first("SELECT madlib.load_dataset('houses')")
    thread = threading.Thread(
        target=lambda: errors.append(second.fails("SELECT madlib.load_dataset('houses')"))
    )
    thread.start()
    while thread.is_alive() and not sql.value("SELECT count(*) FROM pg_locks WHERE NOT granted"):
        time.sleep(0.01)
    first("COMMIT")
    thread.join()
    assert errors[0].sqlstate == "42P07"
    assert (
        errors[0].message == "load_dataset: another session created a table of the same name at the same time"
    )
    assert sql.value("SELECT count(*) FROM houses") == 15


def test_any_role_may(sql, role, schema):
    sql(f"GRANT CREATE, USAGE ON SCHEMA {schema} TO {role}")
    sql(f"SET ROLE {role}")
    sql("SELECT madlib.load_dataset('houses')")
    assert sql.value("SELECT pg_get_userbyid(relowner) FROM pg_class WHERE oid = 'houses'::regclass") == role
    assert sql.value("SELECT madlib.argmax(id, price) FROM houses") == 7
