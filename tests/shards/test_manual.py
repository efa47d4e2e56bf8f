"""The statements of docs/scaling.md, with the address of a server that is there."""

import re
from contextlib import closing

import pytest

from madpy.dev.state import CHECKOUT
from tests.session import Session
from tests.shards.conftest import Far

ORDERS = """
    SELECT i AS id, i * 2 + sin(i) AS amount, i / 10.0::double precision AS weight, '{}'::text AS region
    FROM generate_series(1, 50) AS i
"""


def test_the_examples_run(sql: Session, far: Far, schema: str) -> None:
    address = far.addresses[1]
    with closing(address.connect()) as there:
        there.query(f"CREATE SCHEMA {schema}; CREATE TABLE {schema}.orders AS {ORDERS.format('north')}")
    page = (CHECKOUT / "docs" / "scaling.md").read_text()
    setup, scoring = re.findall(r"^```\n(.*?)^```", page, re.DOTALL | re.MULTILINE)
    for written, here in {
        "'north.example', dbname 'sales'": f"'{address.host}', dbname '{address.database}'",
        "user 'analyst', password '...'": f"user '{address.user}'",
        "table_name 'orders'": f"schema_name '{schema}', table_name 'orders'",
    }.items():
        assert setup.count(written) == 1
        setup = setup.replace(written, here)
    *create, train = [statement for statement in setup.split(";\n") if statement.strip()]
    for statement in create:
        sql(statement)
    sql(f"INSERT INTO orders SELECT id, amount, weight, region FROM ({ORDERS.format('here')}) AS o")
    (row,) = sql.rows(train)
    assert (row["num_rows_processed"], row["num_groups"]) == (100, 2)
    assert sql.warnings == []
    ((region, total),) = sql(scoring)
    assert region == "north"
    assert total == pytest.approx(
        sql.value("SELECT sum(amount) FROM orders_north")
    )  # of a fit with an intercept
    sql("DROP EXTENSION postgres_fdw CASCADE")
