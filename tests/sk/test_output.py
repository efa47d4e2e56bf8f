"""Output tables of many groups, which are written in parts."""

import pytest

from tests.ports.inside import inside

LIMIT = "import madpy.modules.sk.output as output\noutput.BYTES_PER_STATEMENT = {}\nreturn 0"
TYPES = """
    SELECT attname, format_type(atttypid, atttypmod) FROM pg_attribute
    WHERE attrelid = '{}'::regclass AND attnum > 0 ORDER BY attnum
"""


@pytest.fixture
def groups(sql):
    """A table with 40 groups of 1 to 40 rows; in each y is 3 + 2 x times the group's number."""
    sql(
        """
        CREATE TABLE t AS SELECT nullif(i, 7)::numeric(5, 2) AS g, ('k' || i % 2)::char(4) AS "output row",
                                 j::float8 AS x, 3 + 2.0 * i * j AS y
        FROM generate_series(1, 40) AS i, generate_series(1, i) AS j
        """
    )
    yield
    inside(sql, LIMIT.format(16 * 2**20))


@pytest.mark.parametrize("most", [0, 3000, 2**30])
def test_parts(sql, groups, most):
    """A statement for each model, for some of them, or for all of them writes the same table."""
    inside(sql, LIMIT.format(most))
    call = """madlib.sk_train('t', 'm', 'y', 'x', 'linear', grouping_cols => 'g, "output row"')"""
    result = sql.value(f"SELECT ({call}).num_groups")
    assert result == 40
    assert sql(TYPES.format("m"))[:2] == sql(TYPES.format("t"))[:2]
    wrong = """
        SELECT count(*) FILTER (WHERE num_rows_processed <> coalesce(g, 7)),
               count(*) FILTER (WHERE abs(madlib.sk_predict(model, 5) - (3 + 10 * coalesce(g, 7))) > 1e-6),
               count(*) FILTER (WHERE "output row" <> 'k' || (coalesce(g, 7)::int % 2)),
               count(*) FILTER (WHERE num_missing_rows_skipped <> 0 OR warnings <> '[]'),
               count(*) FILTER (WHERE details->'coef' IS NULL OR metrics->'rmse' IS NULL), count(*)
        FROM m WHERE coalesce(g, 7) > 1
    """
    assert sql(wrong) == [(0, 0, 0, 0, 0, 39)]


def test_groups_without_a_model(sql, groups):
    """A model that is NULL, in a statement of its own."""
    inside(sql, LIMIT.format(0))
    sql("UPDATE t SET x = NULL WHERE g % 3 = 0")
    sql("SELECT madlib.sk_train('t', 'm', 'y', 'x', 'linear', grouping_cols => 'g')")
    found = sql("SELECT g::int, model IS NULL, num_missing_rows_skipped FROM m ORDER BY g")
    expected = [(g, g % 3 == 0, g if g % 3 == 0 else 0) for g in range(1, 41) if g != 7]
    assert found == [*expected, (None, False, 0)]
