"""Moments without their pivots, against exact arithmetic."""

from fractions import Fraction

import numpy as np

from madpy.ports.postgres.scan.moments import raw_moments
from madpy.ports.postgres.scan.states import States
from tests.ports.kernels import moments


def test_pivots_are_put_back(sql):
    """A target of 1e15 and a feature of -1e12: the sums of the columns as they came, 106 bits of them."""
    rows = [(10**15 + i * i % 17, 1, i % 13 - 10**12, i % 7 - 3) for i in range(1, 301)]
    values = ", ".join(f"({y}, ARRAY[{a}, {b}, {c}]::float8[])" for y, a, b, c in rows)
    state = sql.value(f"SELECT madlib.moments_state(y, x) FROM (VALUES {values}) AS v(y, x)")
    body = States.parse(state, 1).body
    assert body[0, -4:].tolist() == [0, -(10**12), 0, 10**15]
    raw = raw_moments(np.vstack([body, body]))
    columns = [list(column) for column in zip(*rows, strict=True)]
    truth = moments([*columns[1:], columns[0]], [1] * len(rows))
    for held in raw:
        for high, low, true in zip(held[0:30:2], held[1:30:2], truth, strict=True):
            assert abs(Fraction(high) + Fraction(low) - true) <= Fraction(2) ** -100 * abs(true)
        assert held[30:].tolist() == [1, -(10**12), -3, 10**15, 1, 12 - 10**12, 3, 10**15 + 16]
