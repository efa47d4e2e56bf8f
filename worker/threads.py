"""The threads of a fit, and the memory that libraries keep for each: taken before the cap of a fit.

An OpenBLAS that gets no memory for a buffer asks for it for ever, and OpenMP ends the process where a thread
cannot be started.  Both keep what they have got.
"""

import ctypes
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
from scipy import linalg
from sklearn import metrics
from threadpoolctl import ThreadpoolController

from madpy.worker import limits

LIBRARIES = ThreadpoolController()  # finds the libraries that have threads, which takes 17 ms
ROWS_OF_THREAD = 256  # rows that scikit-learn gives to a thread at once
LARGE = 500  # rows and columns of a matrix that is large enough for several threads

_started = 1


@contextmanager
def limited(threads: int) -> Iterator[bool]:
    """Let libraries use so many threads in a block; gives whether some were started for it."""
    global _started
    before = _started
    with LIBRARIES.limit(limits=threads):
        if threads > before:
            prepare(threads)
            limits.give_back_memory()
            _started = threads
        yield threads > before


def prepare(threads: int) -> None:
    """Have BLAS and OpenMP start their threads, and take a buffer for each and one more."""
    square = np.eye(LARGE if threads > 1 else 2)
    square @ square
    np.linalg.solve(square, square)
    linalg.blas.dgemm(1.0, square, square)
    linalg.lstsq(square, square)
    metrics.pairwise_distances_argmin(np.ones((ROWS_OF_THREAD * threads, 2)), np.eye(2))
    for library in LIBRARIES.lib_controllers:
        if library.internal_api == "openblas":
            _take_buffers(ctypes.CDLL(library.filepath), threads + 1)


def _take_buffers(openblas: ctypes.CDLL, count: int) -> None:
    """Have an OpenBLAS take so many buffers, which it keeps for later calls."""
    take, give_back = openblas.blas_memory_alloc, openblas.blas_memory_free
    take.restype, take.argtypes = ctypes.c_void_p, [ctypes.c_int]
    give_back.restype, give_back.argtypes = None, [ctypes.c_void_p]
    for buffer in [take(0) for _ in range(count)]:
        give_back(buffer)
