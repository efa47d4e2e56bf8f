"""Figures of an estimator, as JSON shows them."""

import json
from types import SimpleNamespace

import numpy as np
import pytest

from madpy.worker.details import MOST_NUMBERS, details_of


@pytest.mark.parametrize(
    ("attributes", "text"),
    [
        ({"n_iter_": 7}, '{"num_iterations": 7}'),
        (
            {"n_iter_": np.array([3, 4], np.int32), "inertia_": 2.0},
            '{"num_iterations": [3, 4], "inertia": 2.0}',
        ),
        ({"coef_": np.array([[0.5, 2]])}, '{"coef": {"a": 0.5, "b": 2.0}}'),
        ({"n_iter_": None, "intercept_": np.nan, "coef_": "none"}, "{}"),
        ({"intercept_": np.zeros(MOST_NUMBERS + 1), "coef_": np.zeros(3)}, "{}"),
    ],
)
def test_details(attributes, text):
    assert json.dumps(details_of(SimpleNamespace(**attributes), ["a", "b"])) == text
