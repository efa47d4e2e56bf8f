"""Settings of the session that SQL depends on: a model is the same, and they are as they were."""

from contextlib import closing

import pytest

from madpy.ports.postgres import plpy
from madpy.ports.postgres.session.udf import run
from tests.regr.call import call

SETTINGS = {
    "quote_all_identifiers": "on",
    "array_nulls": "off",
    "standard_conforming_strings": "off",
    "bytea_output": "escape",
    "extra_float_digits": "-3",
    "DateStyle": "SQL, DMY",
    "IntervalStyle": "sql_standard",
    "transform_null_equals": "on",
}


@pytest.fixture(autouse=True)
def data(sql):
    sql(
        "CREATE TABLE t AS SELECT i::float8 / 3 AS a, 2 * i::float8 / 3 AS b, cos(i) AS y,"
        " 'k\\' || i % 3 AS k, date '2001-01-12' + i % 2 AS g FROM generate_series(1, 40) AS i"
    )


def statements(output: str) -> list[str]:
    return [
        call("a, k, b", output=output, grouping_cols="g", robust=True, heteroskedasticity_option=True),
        f"SELECT madlib.regr_predict('{output}', 't', 'p_{output}')",
        f"SELECT * FROM madlib.regr_summary('{output}')",
    ]


@pytest.mark.parametrize("name", SETTINGS)
def test_a_setting_changes_nothing(sql, name):
    for statement in statements("plain"):
        sql(statement)
    sql(f"BEGIN; SET {name} = '{SETTINGS[name]}'")
    for statement in statements("m"):
        sql(statement)
    assert sql.value(f"SHOW {name}") == SETTINGS[name]
    sql("COMMIT")
    assert sql.value(f"SHOW {name}") == SETTINGS[name]
    sql(f"RESET {name}")
    assert sql("TABLE m EXCEPT TABLE plain") == sql("TABLE p_m EXCEPT TABLE p_plain") == []


def test_from_outside(sql, database, schema):
    plpy.connect(database.database, database.host, database.port, database.user)
    with closing(plpy):
        plpy.execute(
            f"SET search_path = {schema}, public; SET quote_all_identifiers = on; SET array_nulls = off"
        )
        options = ["t", "m", "y", "a, k, b", "g", True, None, True, False]
        assert run(plpy, "madlib", "regr.train", options)["num_groups"] == 2
        assert plpy.execute("SHOW array_nulls") == [{"array_nulls": "off"}]
    sql(statements("plain")[0])
    assert sql("TABLE m EXCEPT TABLE plain") == []
