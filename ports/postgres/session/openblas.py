"""Memory for OpenBLAS, which numpy and scipy each bring.

If OpenBLAS gets no memory while it is loaded, it tries again for ever, and neither a cancel nor the end of
the session stops it; if it gets none in its first call, it ends the process.  So this module first tests
whether there is enough memory.
"""

import gc
import importlib
import mmap
import sys
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from importlib.machinery import ModuleSpec

BROUGHT_BY = ("numpy", "scipy")
NEEDED = 128 << 20  # bytes: two buffers of 32 MB, the libraries, and what is made while they are loaded


class Guard:
    """An entry of sys.meta_path that finds no module and refuses to load one if memory is short.

    The base class in importlib.abc is not used: it would be a third of all that a first call imports.
    """

    called = False  # whether OpenBLAS has the memory of its calls

    def find_spec(self, fullname: str, path: object, target: ModuleType | None = None) -> "ModuleSpec | None":
        """Return None: others find the module; raise MemoryError if memory is short."""
        if fullname in BROUGHT_BY:
            try:
                mmap.mmap(-1, NEEDED, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS).close()
            except OSError:
                raise MemoryError(f"there are no {NEEDED >> 20} MB for {fullname}") from None
        return None

    def load(self, name: str) -> ModuleType:
        """Import a module; if that imports numpy, make the first call of OpenBLAS as well."""
        if self not in sys.meta_path:
            sys.meta_path.insert(0, self)
        module = _imported(name)
        if not self.called and (numpy := sys.modules.get("numpy")):
            numpy.eye(2) @ numpy.eye(2)
            self.called = True
        return module


def _imported(name: str) -> ModuleType:
    """Import a module without a search for garbage: there is none, and it takes a tenth of the time."""
    looks = gc.isenabled()
    gc.disable()
    try:
        return importlib.import_module(name)
    finally:
        if looks:
            gc.enable()


guard = Guard()
