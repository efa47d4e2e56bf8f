"""States of kernels as numpy arrays: their counts of rows, and their bodies."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from madpy.ports.postgres.layouts.kernel import STATE
from madpy.records import Record

Array = NDArray[np.float64]

BYTES_PER_COPY = 16 * 2**20  # bytes that are copied in one call, which cannot be cancelled


class States(Record):
    """States of a kernel, one per group; their tails of buffered rows have been processed."""

    rows_used: NDArray[np.int64]  # (G,)
    rows_skipped: NDArray[np.int64]  # (G,)
    body: Array  # (G, b), as the kernel lays it out

    @classmethod
    def parse(cls, data: bytes, groups: int) -> "States":
        """Build a `States` from bytes that hold `groups` states of equal length, one after the other."""
        if not data:
            return cls(np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros((0, 0)))
        rows = np.frombuffer(data, np.uint8).reshape(groups, -1)
        headers = np.ascontiguousarray(rows[:, : STATE.itemsize]).view(STATE)[:, 0]
        bodies = rows[:, STATE.itemsize :]
        step = max(1, BYTES_PER_COPY // rows.shape[1])
        body = bodies if groups == 1 else np.empty(bodies.shape, np.uint8)
        for first in range(0, groups if groups > 1 else 0, step):
            body[first : first + step] = bodies[first : first + step]
        return cls(headers["rows_used"].copy(), headers["rows_skipped"].copy(), body.view("<f8"))

    @classmethod
    def join(cls, states: Sequence[bytes]) -> "States":
        """Build a `States` from byte strings.  The body of a state that saw no array is zeros."""
        longest = max(map(len, states), default=0)
        return cls.parse(b"".join(state.ljust(longest, b"\0") for state in states), len(states))


def packed(params: Array, groups: int) -> bytes:
    """Return parameters as __store_steps takes them: shape (G, p), or (p,) if all groups have the same."""
    return np.ascontiguousarray(np.broadcast_to(params, (groups, params.shape[-1])), "<f8").tobytes()
