"""The device that fits run on: the CPU with arrays of numpy, or a GPU with arrays of CuPy.

CUDA does not survive a fork.  Only a worker imports CuPy, when a fit may need it; the parent never does.
"""

import importlib
import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from typing import Any

import numpy as np
from numpy.typing import NDArray

from madpy.worker.errors import WorkerError

LEAST_NUMBERS = 1_000_000  # numbers of X from which "auto" takes a GPU: below, copies and launches cost more
# A worker may write no files (limits.py), which is how CuPy and CUDA keep what they have compiled.
VARIABLES = {"CUPY_CACHE_IN_MEMORY": "1", "CUDA_CACHE_DISABLE": "1"}
NAMESPACES = ("sklearn.externals.array_api_compat.cupy", "array_api_compat.cupy")


@dataclass(frozen=True)
class Device:
    """A device; `xp` is the module of its arrays, which has the functions of the array API standard."""

    name: str
    xp: Any
    is_cpu: bool = False  # scikit-learn fits as it always does
    is_optional: bool = False  # the CPU may take its place
    release: Callable[[], None] = lambda: None  # gives memory back that no array needs any more

    def put(self, array: NDArray[Any]) -> Any:
        """Return a copy of an array of numpy on the device."""
        return self.xp.asarray(array)

    def get(self, array: Any) -> NDArray[Any]:
        """Return an array of the device as one of numpy."""
        return np.asarray(array.get() if hasattr(array, "get") else array)

    def is_worth(self, numbers: int) -> bool:
        """Tell whether a fit of so many numbers is to run here."""
        return not self.is_cpu and (not self.is_optional or numbers >= LEAST_NUMBERS)


CPU = Device("cpu", np, is_cpu=True)


def chosen(setting: str, memory_kb: int, numbers: int) -> Device:
    """Return the device for fits of at most so many numbers, with a cap on the memory that its arrays take.

    "auto" is the CPU for few numbers, for which CuPy is not even imported, and where no GPU can be used;
    "cuda" raises WorkerError there.
    """
    is_cpu = setting == "cpu" or (setting == "auto" and numbers < LEAST_NUMBERS)
    cupy, fact = (None, "") if is_cpu else _look()
    if setting == "cuda" and cupy is None:
        raise WorkerError(
            f"madpy.device is cuda, but no GPU can be used: {fact}",
            "55000",
            "set madpy.device to auto or to cpu",
        )
    if cupy is None:
        return CPU
    pool = cupy.get_default_memory_pool()
    pool.set_limit(size=memory_kb * 1024)
    return Device(f"cuda: {fact}", _namespace(), is_optional=setting == "auto", release=pool.free_all_blocks)


def described(setting: str) -> dict[str, str | None]:
    """Return which device fits get, cpu or cuda or none, and what is known of it."""
    if setting == "cpu":
        return {"device": "cpu", "detail": "madpy.device is cpu"}
    cupy, fact = _look()
    if cupy is not None:
        return {"device": "cuda", "detail": fact}
    return {"device": "cpu" if setting == "auto" else None, "detail": fact}


@cache
def _look() -> tuple[Any, str]:
    """Return the module cupy and the name of the GPU, or None and the reason why none can be used."""
    if find_spec("cupy") is None:
        return None, "CuPy is not installed"
    os.environ.update(VARIABLES)
    try:
        cupy = importlib.import_module("cupy")
        xp = _namespace()
        name = cupy.cuda.runtime.getDeviceProperties(0)["name"]
        if float(xp.sum(xp.asarray([1.0, 2.0]) @ xp.asarray([[1.0], [1.0]]))) != 3:
            return None, "the GPU computes 1 + 2 wrongly"
    except Exception as error:  # libraries and drivers that are missing, or do not fit each other
        text = " ".join(str(error).split())
        return None, f"CuPy cannot be used: {type(error).__name__}: {text}"[:500]
    return cupy, f"{name.decode() if isinstance(name, bytes) else name}, CuPy {cupy.__version__}"


def _namespace() -> Any:
    """Return CuPy with the names of the standard: a module that scikit-learn brings from 1.7 on."""
    for name in NAMESPACES[:-1]:
        try:
            return importlib.import_module(name)
        except ModuleNotFoundError:
            continue
    return importlib.import_module(NAMESPACES[-1])
