"""States of kernels as numpy sees them: the C struct State (src/engine/kernel.h) behind its length word."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

AT_ONCE = 16 * 2**20  # bytes that are copied in one call, which cannot be cancelled
HEADER = np.dtype(
    [
        ("magic", "<u4"),
        ("version", "<u2"),
        ("kernel", "<u2"),
        ("ncols", "<i4"),
        ("nparams", "<i4"),
        ("tail_rows", "<i4"),
        ("tail_capacity", "<i4"),
        ("unused", "<i4"),
        ("rows_used", "<i8"),
        ("rows_skipped", "<i8"),
    ]
)


@dataclass(frozen=True)
class States:
    """A kernel's states, one per group, with no rows waiting in them."""

    rows_used: NDArray[np.int64]  # (G,)
    rows_skipped: NDArray[np.int64]  # (G,)
    body: Array  # (G, b), as the kernel lays it out

    @classmethod
    def parse(cls, data: bytes, groups: int) -> "States":
        """`groups` states of one shape, one behind the other."""
        if not data:
            return cls(np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros((0, 0)))
        rows = np.frombuffer(data, np.uint8).reshape(groups, -1)
        headers = np.ascontiguousarray(rows[:, : HEADER.itemsize]).view(HEADER)[:, 0]
        bodies = rows[:, HEADER.itemsize :]
        step = max(1, AT_ONCE // rows.shape[1])
        body = bodies if groups == 1 else np.empty(bodies.shape, np.uint8)
        for first in range(0, groups if groups > 1 else 0, step):
            body[first : first + step] = bodies[first : first + step]
        return cls(headers["rows_used"].copy(), headers["rows_skipped"].copy(), body.view("<f8"))

    @classmethod
    def join(cls, states: Sequence[bytes]) -> "States":
        """The same from single ones.  One that saw no array of features is short: its body is zeros."""
        longest = max(map(len, states), default=0)
        return cls.parse(b"".join(state.ljust(longest, b"\0") for state in states), len(states))


def packed(params: Array, groups: int) -> bytes:
    """Parameters, shape (G, p), or (p,) for the same in all groups, as __store_steps takes them."""
    return np.ascontiguousarray(np.broadcast_to(params, (groups, params.shape[-1])), "<f8").tobytes()
