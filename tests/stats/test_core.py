"""The arithmetic of stats, without a database."""

import numpy as np

from madpy.modules.stats import core


def test_fractions_are_the_quartiles_and_what_else_is_asked_for():
    assert core.fractions(True, None) == [0.25, 0.5, 0.75]
    assert core.fractions(True, [0.1, 1]) == [0.25, 0.5, 0.75, 0.1, 1.0]
    assert core.fractions(False, [0]) == [0.0]
    assert core.fractions(False, None) == []


def test_errors_are_those_of_the_papers():
    assert core.distinct_error() == 1.04 / 128
    assert core.frequency_error(1536) == 2


def test_a_rank_is_missed_by_what_no_tie_covers():
    sample = np.array([1.0, 2, 2, 2, 5])
    assert core.rank_errors(sample, [2, 2, 5, 1], [0.2, 0.75, 0.9, 0.5]).tolist() == [0, 0, 0, 0.3]
