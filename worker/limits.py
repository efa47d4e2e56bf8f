"""Limits of a worker, set by itself before it does any work: they hold whatever a library does."""

import ctypes
import os
import resource
import signal
from contextlib import suppress
from pathlib import Path

PR_SET_PDEATHSIG = 1
MOST_STDERR = 64 * 1024  # bytes that a fit may write to any file, the one behind standard error included


def end_with_parent(parent: int) -> None:
    """Have the kernel kill this process when its parent ends, in whatever way."""
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(1)


def be_first_to_go() -> None:
    """Have the kernel, when the machine runs out of memory, choose this process and not the server."""
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000")


def forbid_files() -> None:
    """Allow no core dump, and no file to grow: a fit has no business with either."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)  # such a write fails with EFBIG
    resource.setrlimit(resource.RLIMIT_FSIZE, (MOST_STDERR, MOST_STDERR))


def cap_memory(kilobytes: int) -> None:
    """Cap the memory of its own that this process may take on from here: the store's file does not count."""
    now = _kilobytes_of_data()
    hard = resource.getrlimit(resource.RLIMIT_DATA)[1]
    resource.setrlimit(resource.RLIMIT_DATA, ((now + kilobytes) * 1024, hard))


def _kilobytes_of_data() -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("VmData:")).split()[1])


def uncap_memory() -> None:
    """Lift the cap, so that the worker can answer and its next fit begins with what it has."""
    hard = resource.getrlimit(resource.RLIMIT_DATA)[1]
    resource.setrlimit(resource.RLIMIT_DATA, (hard, hard))
