"""version and load_dataset, from SQL."""

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
    assert error.hint == "there are: iris, wine, breast_cancer, digits, diabetes, linnerud, houses"
    assert sql.fails("SELECT madlib.load_dataset(NULL)").sqlstate == "22004"
    sql("CREATE TABLE iris ()")
    error = sql.fails("SELECT madlib.load_dataset('iris')")
    assert (error.sqlstate, error.message) == ("42P07", 'load_dataset: output table "iris" already exists')
    assert error.hint == "drop it or choose another name"


def test_any_role_may(sql, role, schema):
    sql(f"GRANT CREATE, USAGE ON SCHEMA {schema} TO {role}")
    sql(f"SET ROLE {role}")
    sql("SELECT madlib.load_dataset('houses')")
    assert sql.value("SELECT pg_get_userbyid(relowner) FROM pg_class WHERE oid = 'houses'::regclass") == role
    assert sql.value("SELECT madlib.argmax(id, price) FROM houses") == 7
