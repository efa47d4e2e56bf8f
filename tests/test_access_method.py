"""Tables that a call creates and then updates are heaps: a columnar table, say, cannot be updated."""

from collections.abc import Iterator

import pytest

from tests.session import Session

CALLS = {
    "m": "regr_train('t', 'm', 'y', 'x', robust => true)",
    "c_summary": "correlation('t', 'c', 'x, y')",
    "s": "summary('t', 's', get_estimates => false)",
}


@pytest.fixture
def other(sql: Session) -> Iterator[Session]:
    """Make another access method the default."""
    sql("CREATE ACCESS METHOD other TYPE TABLE HANDLER heap_tableam_handler")
    sql("SET default_table_access_method = other")
    sql("CREATE TABLE t AS SELECT i AS x, i % 7 AS y FROM generate_series(1, 50) AS i")
    yield sql
    sql("RESET default_table_access_method")
    sql("DROP ACCESS METHOD other CASCADE")


def method_of(sql: Session, table: str) -> str:
    """Return the name of a table's access method."""
    joined = "pg_class AS c JOIN pg_am AS a ON a.oid = c.relam"
    return str(sql.value(f"SELECT a.amname FROM {joined} WHERE c.oid = '{table}'::regclass"))


@pytest.mark.parametrize(("table", "call"), CALLS.items(), ids=CALLS.keys())
def test_a_table_that_is_updated_is_a_heap(other: Session, table: str, call: str) -> None:
    assert method_of(other, "t") == "other"
    other(f"SELECT madlib.{call}")
    assert method_of(other, table) == "heap"
