"""Fixtures: a small table, and a call of sk_train."""

import pytest


@pytest.fixture
def houses(sql):
    """Table h: 60 rows of numbers, words, times, flags; price is 3 + 2 tax - bath, and 10 more where new."""
    sql(
        """
        CREATE TABLE h AS
        SELECT i AS id, 3 + 2 * tax - bath + CASE WHEN new THEN 10 ELSE 0 END AS price, tax, bath, new,
               CASE i % 3 WHEN 0 THEN 'brick' WHEN 1 THEN 'wood' ELSE 'stone' END AS wall,
               date '2020-01-01' + i AS sold, i % 2 AS side, ARRAY[tax, bath] AS v
        FROM (SELECT i, (i * 37 % 101)::float8 AS tax, i % 5 AS bath, i % 7 < 3 AS new
              FROM generate_series(1, 60) AS i) AS r
        """
    )


@pytest.fixture
def train(sql):
    """Call sk_train(source 'h', output 'm', ...) and return its result."""

    def call(target, features, algorithm, output="m", **options):
        written = "".join(f", {name} => {literal(value)}" for name, value in options.items())
        arguments = ", ".join(map(literal, ("h", output, target, features, algorithm)))
        (row,) = sql.rows(f"SELECT * FROM madlib.sk_train({arguments}{written})")
        return row

    return call


def literal(value):
    if value is None:
        return "NULL"
    return str(value) if isinstance(value, int) else "'" + str(value).replace("'", "''") + "'"
