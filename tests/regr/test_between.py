"""Commits of other sessions between two statements of a training."""

import pytest

from tests.regr.call import call


@pytest.mark.parametrize("grouping_cols", [None, "g"])
def test_a_level_that_comes_in_between_is_no_reference(sql, grouping_cols):
    """A view that shows one more row, with a new level, from its second reading on."""
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
    sql(call("a, k", output="plain", grouping_cols=grouping_cols))
    (row,) = sql.rows(call("a, k", source="v", grouping_cols=grouping_cols))
    assert sql.value("SELECT last_value FROM readings") > 1
    assert (row["num_rows_processed"], row["num_missing_rows_skipped"]) == (40, 1)
    assert sql("SELECT coef FROM m ORDER BY 1") == sql("SELECT coef FROM plain ORDER BY 1")
