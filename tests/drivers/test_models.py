"""Tables that every function over a model refuses."""

import pytest

from tests.drivers.drivers import DRIVERS, ROW_PER_GROUP, USES, said
from tests.methods import literal


def test_a_table_that_is_no_model(sql, refused):
    """Other tables, a model of every other method, and the summary table of the right one."""
    for name, driver in DRIVERS.items():
        sql(driver.call(output=name))
    for function, (trained, arguments) in USES.items():
        for table in {*DRIVERS, f"{trained}_summary", "t", "taken"} - {trained}:
            assert said(refused(f"SELECT madlib.{function}('{table}'{arguments})", function)) == (
                "42809",
                f'table "{table}" is not a model of {trained}',
                f"Give the output_table of a call of {trained}.",
            )


@pytest.mark.parametrize("grouping_cols", [None, "g"])
def test_a_model_with_rows_that_were_doubled(sql, refused, grouping_cols):
    """Each row would have two predictions."""
    for function, (trained, arguments) in USES.items():
        if not arguments:
            continue
        sql(DRIVERS[trained].call(grouping_cols=grouping_cols))
        rows = "m" if trained in ROW_PER_GROUP else "m_summary"
        sql(f"INSERT INTO {rows} TABLE {rows} LIMIT 1")
        error = refused(f"SELECT madlib.{function}('m'{arguments})", function)
        assert said(error) == (
            "21000",
            f'table "{rows}" has several models{" for one group" * bool(grouping_cols)}',
            "Train the model again.",
        )
        sql("DROP TABLE m, m_summary")


@pytest.mark.parametrize("name", ["regr", "logregr"])
def test_a_model_with_columns_of_other_types(sql, refused, name):
    sql(DRIVERS[f"{name}_train"].call())
    columns = (
        "SELECT attname FROM pg_attribute WHERE attrelid = 'm'::regclass AND atttypid = 'float8[]'::regtype"
    )
    for (column,) in sql(f"{columns} AND attname ~ 'coef|std_err|stats|p_values|odds'"):
        sql(f"BEGIN; ALTER TABLE m ALTER {column} TYPE text[]")
        error = sql.fails(f"SELECT madlib.{name}_summary('m')")
        assert said(error)[:2] == ("42809", f'{name}_summary: table "m" is not a model of {name}_train')
        sql("ROLLBACK")


def test_a_model_that_is_not_there(sql, refused):
    for function, (_, arguments) in USES.items():
        what = "output_table" if function.endswith("_summary") else "model_table"
        for table, sqlstate, message in [
            (None, "22004", f"{what} must not be null"),
            ("", "42602", f"{what} must not be empty"),
            ("a.b.c", "42602", f'{what}: "a.b.c" is not a table name'),
            ("nowhere", "42P01", 'table "nowhere" does not exist'),
        ]:
            error = refused(f"SELECT madlib.{function}({literal(table)}{arguments})", function)
            assert said(error)[:2] == (sqlstate, message)
