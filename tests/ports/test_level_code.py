"""Text as its place among known levels."""


def test_codes(sql):
    rows = sql(
        "SELECT madlib.__level_code(v, ARRAY['b', 'a', 'é'])"
        " FROM unnest(ARRAY['a', 'b', 'é', 'c', NULL, '']) AS v"
    )
    assert [row[0] for row in rows] == [1, 0, 2, None, None, None]


def test_levels_that_change_from_row_to_row(sql):
    rows = sql(
        "SELECT madlib.__level_code('a', levels::text[])"
        " FROM (VALUES ('{a}'), ('{b,a}'), ('{}'), ('{NULL,a}')) AS v(levels)"
    )
    assert [row[0] for row in rows] == [0, 1, None, 1]


def test_a_thousand_levels(sql):
    levels = "ARRAY[" + ", ".join(f"'{i}'" for i in range(1000)) + "]"
    query = f"SELECT bool_and(madlib.__level_code(i::text, {levels}) = i) FROM generate_series(0, 999) AS i"
    assert sql.value(query)


def test_integers(sql):
    rows = sql(
        "SELECT madlib.__level_code(v, '{7,-3,9000000000}')"
        " FROM unnest('{-3,7,9000000000,8,NULL}'::bigint[]) AS v"
    )
    assert [row[0] for row in rows] == [1, 0, 2, None, None]
