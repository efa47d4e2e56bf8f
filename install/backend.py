"""A report of PL/Python from inside the backend.  This source is sent to the server, which may lack madpy:
it uses the standard library only, and runs on the oldest Python that a server may have.
"""

import importlib
import os
import platform
import pwd
import sys
from pathlib import Path


def report(python_path: "str | None") -> "dict[str, object]":
    """Return facts about the server's Python, with `python_path` first on its path, as madpy has it."""
    if python_path and python_path not in sys.path:
        sys.path.insert(0, python_path)
    return {
        "python": platform.python_version(),
        "executable": sys.executable,
        "prefix": sys.prefix,
        "machine": platform.platform(),
        "user": pwd.getpwuid(os.geteuid()).pw_name,
        "sys_path": list(sys.path),
        "path_is_folder": Path(python_path or "-").is_dir(),
        "path_is_readable": os.access(python_path or "", os.R_OK | os.X_OK),
        "packages": {name: package(name) for name in ("numpy", "scipy", "madpy")},
    }


def package(name: str) -> "dict[str, str | None]":
    """Return version and file of a package, or why it cannot be imported."""
    try:
        module = importlib.import_module(name)
        return {"version": module.__version__, "file": module.__file__}
    except Exception as error:
        return {"error": type(error).__name__ + ": " + str(error).strip().split("\n")[0]}
