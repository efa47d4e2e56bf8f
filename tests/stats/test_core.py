"""The arithmetic of stats, without a database."""

from madpy.modules.stats import core


def test_fractions_are_the_quartiles_and_what_else_is_asked_for():
    assert core.fractions(True, None) == [0.25, 0.5, 0.75]
    assert core.fractions(True, [0.1, 1]) == [0.25, 0.5, 0.75, 0.1, 1.0]
    assert core.fractions(False, [0]) == [0.0]
    assert core.fractions(False, None) == []
