"""Limits of a worker, set by itself before it does any work: they hold whatever a library does."""

import ctypes
import gc
import os
import resource
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

PR_SET_PDEATHSIG = 1
PR_SET_NAME = 15
MOST_STDERR = 64 * 1024  # bytes that a fit may write to any file, the one behind standard error included


def end_with_parent(parent: int) -> None:
    """Have the kernel kill this process when its parent ends, in whatever way."""
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(1)


def name_process(name: str) -> None:
    """Give the process a name that ps and top show, of 15 characters at most."""
    ctypes.CDLL(None).prctl(PR_SET_NAME, name.encode(), 0, 0, 0)


def be_first_to_go(score: int = 1000) -> None:
    """Have the kernel, when the machine runs out of memory, choose this process and not the server."""
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text(str(score))


def forbid_files() -> None:
    """Allow no core dump, and no file to grow: a fit has no business with either."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)  # such a write fails with EFBIG
    resource.setrlimit(resource.RLIMIT_FSIZE, (MOST_STDERR, MOST_STDERR))


@contextmanager
def memory(kilobytes: int) -> Iterator[None]:
    """Cap the memory of its own that this process takes on in a block: the store's file does not count."""
    hard = resource.getrlimit(resource.RLIMIT_DATA)[1]
    cap = (kilobytes_of_data() + kilobytes) * 1024
    soft = cap if hard == resource.RLIM_INFINITY else min(cap, hard)
    resource.setrlimit(resource.RLIMIT_DATA, (soft, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_DATA, (hard, hard))


def kilobytes_of_data() -> int:
    """Return how much memory of its own this process has, as RLIMIT_DATA counts it."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("VmData:")).split()[1])


def give_back_memory() -> None:
    """Give memory that is free back to the system."""
    gc.collect()
    with suppress(AttributeError):  # another libc has none
        ctypes.CDLL(None).malloc_trim(0)
