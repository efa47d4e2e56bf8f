"""Ranges of bodies of states."""

import numpy as np
from madpy.modules.range.core import ranges


def test_minima_stand_before_maxima() -> None:
    low, high = ranges(np.array([[1.0, -2.0, 3.0, 4.0]]))
    assert low.tolist() == [[1, -2]]
    assert high.tolist() == [[3, 4]]
