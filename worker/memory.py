"""Lack of memory: how it shows, in an exception, in a text, and in a crash.

Some libraries in C, libsvm and liblinear among them, do not look whether they got the memory that they asked
for: a fit that reaches its cap ends by a signal.  A handler of the signal then looks at what the last call
that failed has left behind, and at how far the cap is, and writes NO_MEMORY to standard error, which the
parent reads.
"""

import ctypes
import errno
import os
import resource
import signal

from madpy.worker import limits

OUT_OF_MEMORY = "53200"
NO_MEMORY = "Cannot allocate memory"
# Texts of C++, the dynamic loader, OpenBLAS and OpenMP, and of Python in a process that ends.
TEXTS = (
    NO_MEMORY, "bad_alloc", "failed to map segment", "cannot map zero-fill pages", "Out of memory",
    "Memory allocation still failed", "MemoryError", "can't start new thread", "Thread creation failed",
)  # fmt: skip
SIGNALS = (signal.SIGSEGV, signal.SIGBUS, signal.SIGABRT)
NEAR_KB = 1024  # distance to the cap; what asks for more in vain leaves ENOMEM


def is_said_in(text: str) -> bool:
    """Tell whether a text that a library has written says that there was no memory."""
    return any(one in text for one in TEXTS)


def is_reason_of(error: BaseException) -> bool:
    """Tell whether an exception, or one that it was raised from, is a lack of memory."""
    reason: BaseException | None = error
    while reason is not None:
        if isinstance(reason, MemoryError):
            return True
        if isinstance(reason, OSError | ImportError | RuntimeError) and is_said_in(str(reason)):
            return True
        reason = reason.__cause__ or reason.__context__
    return False


def explain_crashes() -> None:
    """Have this process write NO_MEMORY when it crashes for want of memory."""
    ctypes.get_errno()  # makes the place that the handler reads it from
    for number in SIGNALS:
        # once: when the handler returns, the crash happens again and ends the process
        ctypes.CDLL(None).sysv_signal(number, _handler)


def _say_if_memory_lacked(number: int) -> None:
    left = ctypes.get_errno()
    cap, most = resource.getrlimit(resource.RLIMIT_DATA)
    resource.setrlimit(resource.RLIMIT_DATA, (most, most))  # the lines below need some memory, too
    is_near = cap != most and cap // 1024 - limits.kilobytes_of_data() < NEAR_KB
    if left == errno.ENOMEM or is_near:
        os.write(2, NO_MEMORY.encode())


_handler = ctypes.CFUNCTYPE(None, ctypes.c_int, use_errno=True)(_say_if_memory_lacked)
