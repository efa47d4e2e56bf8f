"""Domains: a value outside is refused, and the name of the constraint is the message."""

import pytest


@pytest.mark.parametrize(
    ("domain", "good", "bad", "message"),
    [
        ("probability", "0.0, 0.5, 1.0", "1.1", "must be between 0 and 1"),
        ("probability", "0.0", "-0.1", "must be between 0 and 1"),
        ("probability", "0.0", "'NaN'", "must be between 0 and 1"),
        ("percent", "0.0, 100.0", "100.5", "must be between 0 and 100"),
        ("positive_int", "1, 2147483647", "0", "must be 1 or more"),
        ("nonnegative_int", "0, 5", "-1", "must be 0 or more"),
        ("positive_float", "1e-300, 5", "0", "must be above 0 and finite"),
        ("positive_float", "1.0", "'Infinity'", "must be above 0 and finite"),
        ("positive_float", "1.0", "'NaN'", "must be above 0 and finite"),
        ("nonnegative_float", "0, 0.5", "-0.5", "must be 0 or more and finite"),
    ],
)
def test_a_domain(sql, domain, good, bad, message):
    for value in good.split(","):
        assert sql.value(f"SELECT ({value})::madlib.{domain} IS NOT NULL")
    error = sql.fails(f"SELECT ({bad})::madlib.{domain}")
    assert (error.sqlstate, message in error.message) == ("23514", True)
    assert sql.value(f"SELECT NULL::madlib.{domain} IS NULL")
