"""pgml.train in SQL: what it makes, what it returns, what it refuses."""

from tests.session import Session


def test_parts_depend_on_values_and_seed_alone(sql: Session) -> None:
    parts = "SELECT pgml.__part({seed}, i, i::text, i::float8) FROM generate_series(1, 2000) AS i"
    first, again, other = ([part for (part,) in sql(parts.format(seed=seed))] for seed in (1, 1, 2))
    assert first == again != other
    assert all(0 <= part < 1 for part in first)
    # the share below 0.25 has a standard deviation of 0.0097
    assert abs(sum(part < 0.25 for part in first) / 2000 - 0.25) < 0.04


def test_equal_rows_have_equal_parts_whatever_their_bytes(sql: Session) -> None:
    (row,) = sql(
        """
        SELECT pgml.__part(0, 0.0::float8) = pgml.__part(0, '-0'::float8),
               pgml.__part(0, 1.0::numeric) = pgml.__part(0, 1.00::numeric),
               pgml.__part(0, NULL::int, 1) = pgml.__part(0, 1, NULL::int)
        """
    )
    assert row == (True, True, False)
