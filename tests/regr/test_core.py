"""The arithmetic of the test of Breusch and Pagan, without a database, against scipy's distribution."""

import numpy as np
import pytest
from scipy import stats

from madpy.modules.regr import core


def test_breusch_and_pagan():
    statistic, p_value = core.breusch_pagan(np.array([0.1]), np.array([50.0]), np.array([3.0]))
    assert statistic[0] == pytest.approx(5)
    assert p_value[0] == pytest.approx(stats.chi2.sf(5, 3))
