"""A copy of the installed packages whose worker has the algorithm of faults.py, and the processes of it."""

import os
import shutil
import signal
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

FAULTS = Path(__file__).with_name("faults.py")
ADDED = """
from madpy.worker.estimators import faults

ALGORITHMS |= {(one.name, one.task): one for one in faults.ALGORITHMS}
"""


@contextmanager
def copied(site: Path, madpy: Path, **replaced: str) -> Iterator[Path]:
    """Make a folder for madpy.python_path: `site` with `madpy` in it, and its worker with faults.

    `replaced` are lines "IDLE_SECONDS = 1" for worker/parent.py, by the name that they set.
    """
    root = Path(tempfile.mkdtemp(prefix="madpy-", dir="/tmp"))  # the server's user cannot read tmp_path
    try:
        root.chmod(0o755)
        _link_all(site, root, except_for="madpy")
        (root / "madpy").mkdir()
        _link_all(madpy, root / "madpy", except_for="worker")
        shutil.copytree(madpy / "worker", root / "madpy" / "worker")
        estimators = root / "madpy" / "worker" / "estimators"
        shutil.copy(FAULTS, estimators)
        with (estimators / "__init__.py").open("a") as file:
            file.write(ADDED)
        for name, value in replaced.items():
            change(root / "madpy" / "worker" / "parent.py", name, value)
        yield root
    finally:
        for pid in processes(root):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        shutil.rmtree(root)


def _link_all(source: Path, target: Path, except_for: str) -> None:
    for entry in source.iterdir():
        if entry.name not in (except_for, "__pycache__"):
            (target / entry.name).symlink_to(entry.resolve())


def change(file: Path, name: str, value: str) -> None:
    """Replace a line that sets a name."""
    lines = [
        f"{name} = {value}" if line.startswith(f"{name} = ") else line
        for line in file.read_text().split("\n")
    ]
    file.write_text("\n".join(lines))


def processes(root: Path) -> list[int]:
    """The processes that run the package in this folder: the parent, its workers, and what they started."""
    return [int(entry.name) for entry in Path("/proc").glob("[0-9]*") if _runs(entry, root)]


def _runs(entry: Path, root: Path) -> bool:
    with suppress(OSError):
        return str(root).encode() in (entry / "cmdline").read_bytes().split(b"\0")
    return False


def parents(root: Path) -> list[int]:
    return [pid for pid in processes(root) if _name(pid) == "madpy parent"]


def workers(root: Path) -> list[int]:
    return [pid for pid in processes(root) if _name(pid) == "madpy worker"]


def _name(pid: int) -> str:
    with suppress(OSError):
        return Path(f"/proc/{pid}/comm").read_text().strip()
    return ""


def within(seconds: float, condition: Callable[[], Any]) -> Any:
    """Return what a condition is, as soon as it is true, or after so many seconds."""
    end = time.monotonic() + seconds
    while not (answer := condition()) and time.monotonic() < end:
        time.sleep(0.01)
    return answer
