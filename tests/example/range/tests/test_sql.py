"""range_train compared with min() and max() of PostgreSQL."""

from tests.session import Session


def test_ranges_by_group(sql: Session) -> None:
    sql(
        """
        CREATE TABLE t AS
        SELECT i % 2 AS g, i, nullif(i, 8) * 0.5::float8 AS a FROM generate_series(1, 10) AS i
        """
    )
    call = "madlib.range_train('t', 'm', 'ARRAY[i, a]', 'g')"
    assert sql(f"SELECT num_groups, num_missing_rows_skipped FROM {call}") == [(2, 1)]
    columns = "ARRAY[min(i), min(a)]::float8[], ARRAY[max(i), max(a)]::float8[]"
    expected = sql(f"SELECT g, {columns} FROM t WHERE a IS NOT NULL GROUP BY g ORDER BY g")
    assert sql("SELECT g, low, high FROM m ORDER BY g") == expected
