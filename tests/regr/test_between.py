"""Commits of other sessions between two statements of a training."""

import pytest

from tests.regr.call import call


@pytest.fixture
def view(sql):
    """A view that shows the rows of `t`, and from its second reading on one more row, with a new level."""
    sql(
        """
        CREATE SEQUENCE readings;
        CREATE TABLE t AS SELECT i::float8 AS a, cos(i) AS y, 'k' || i % 3 AS k, i % 2 AS g
        FROM generate_series(1, 40) AS i;
        CREATE FUNCTION seen() RETURNS bigint LANGUAGE sql VOLATILE AS $$ SELECT nextval('readings') $$;
        CREATE VIEW v AS SELECT * FROM t UNION ALL
        SELECT 1, 1e6, 'new', 1 FROM (SELECT seen() AS n OFFSET 0) AS s WHERE n > 1;
        """
    )
    return "v"


def test_a_level_that_comes_in_between_is_no_reference(sql, view):
    """With groups the levels are read first, and then the rows."""
    sql(call("a, k", output="plain", grouping_cols="g"))
    (row,) = sql.rows(call("a, k", source=view, grouping_cols="g"))
    assert sql.value("SELECT last_value FROM readings") > 1
    assert (row["num_rows_processed"], row["num_missing_rows_skipped"]) == (40, 1)
    assert sql("SELECT coef FROM m ORDER BY 1") == sql("SELECT coef FROM plain ORDER BY 1")


def test_a_level_that_comes_before_the_second_pass_is_skipped(sql, view):
    """Without groups one reading gives levels and coefficients; the second is of the residuals."""
    sql("SET madpy.store_memory = 0")
    sql(call("a, k", output="plain", robust=True))
    (row,) = sql.rows(call("a, k", source=view, robust=True))
    assert sql.value("SELECT last_value FROM readings") > 1
    assert (row["num_rows_processed"], row["num_missing_rows_skipped"]) == (40, 0)
    assert sql("SELECT coef, std_err FROM m") == sql("SELECT coef, std_err FROM plain")
