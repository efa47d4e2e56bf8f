"""Plain arguments and names, without a database."""

import math

import pytest

from madpy.errors import MadpyError
from madpy.helper.checks.arguments import check_choice, check_not_null, check_range, parse_name, shown


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("Houses", ["houses"]),
        (' s . "A ""b"".c" ', ["s", 'A "b".c']),
        ("Été$1", ["Été$1".replace("E", "e")]),
        ("a.b.c", ["a", "b", "c"]),
        ("a b", None),
        ("1a", None),
        ('"a', None),
        ('""', None),
        ("a.", None),
        ("", None),
        ("a; DROP TABLE b", None),
    ],
)
def test_names_are_read_as_postgresql_reads_them(text, parts):
    assert parse_name(text) == parts


def test_names_in_hints_can_be_copied():
    assert [shown(name) for name in ("plain_1", "Cap", 'a"b')] == ["plain_1", '"Cap"', '"a""b"']


@pytest.mark.parametrize(
    ("bounds", "value", "message"),
    [
        ((0, 1), 2, "p must be between 0 and 1, not 2"),
        ((0, 1), math.nan, "p must be between 0 and 1, not nan"),
        ((0, None), -1, "p must be at least 0, not -1"),
        ((None, 9), math.inf, "p must be at most 9, not inf"),
    ],
)
def test_range(bounds, value, message):
    with pytest.raises(MadpyError) as error:
        check_range("p", value, *bounds)
    assert (error.value.message, error.value.sqlstate) == (message, "22023")


def test_what_is_in_range_or_known_is_returned():
    assert check_range("p", 1, 0, 1) == 1
    assert check_choice("kind", "a", ["a", "b"]) == "a"
    assert check_not_null("kind", 0) == 0


def test_choice_lists_the_known():
    with pytest.raises(MadpyError, match='kind: unknown value "c"') as error:
        check_choice("kind", "c", ["a", "b"])
    assert error.value.hint == "Known are: a, b."


def test_null():
    with pytest.raises(MadpyError, match="p must not be null") as error:
        check_range("p", None, 0, 1)
    assert error.value.sqlstate == "22004"
