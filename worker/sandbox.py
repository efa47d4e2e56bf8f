"""A worker starts no other process: the kernel refuses it (seccomp), so none can outlive a fit.

Threads are allowed.  On a machine that the filter is not written for, or a kernel without seccomp, a worker
goes without, and the parent kills its process group.
"""

import ctypes
import errno
import os
import struct

PR_SET_SECCOMP, PR_SET_NO_NEW_PRIVS, SECCOMP_MODE_FILTER = 22, 38, 2
LOAD, EQUALS, HAS_BITS, RETURN = 0x20, 0x15, 0x45, 0x06  # instructions of the kernel's filters
ALLOW, REFUSE = 0x7FFF0000, 0x00050000
NUMBER, ARCHITECTURE, FIRST_ARGUMENT = 0, 4, 16  # offsets of what a filter is given
CLONE_THREAD = 0x00010000
X32 = 0x40000000  # calls of another kind on x86_64 have this bit


class Calls:
    """The numbers of the system calls that start processes on an architecture."""

    def __init__(self, audit: int, clone: int, refused: list[int]) -> None:
        self.audit = audit
        self.clone = clone
        self.refused = refused


# clone3 has its flags in memory, which a filter cannot read: libc takes clone where it is not there.
CLONE3 = 435
CALLS = {
    "x86_64": Calls(0xC000003E, 56, [57, 58, 59, 322]),  # fork, vfork, execve, execveat
    "aarch64": Calls(0xC00000B7, 220, [221, 281]),  # execve, execveat
}


class Program(ctypes.Structure):
    """A filter, as the kernel takes it."""

    _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.c_char_p))


def forbid_processes() -> bool:
    """Refuse this process, from here on, to start another or to become one; return whether that is so."""
    calls = CALLS.get(os.uname().machine)
    if calls is None:
        return False
    code = b"".join(struct.pack("<HBBI", *one) for one in _instructions(calls))
    program = Program(len(code) // 8, code)
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    if prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0):
        return False
    return bool(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.byref(program), 0, 0) == 0)


def _instructions(calls: Calls) -> list[tuple[int, int, int, int]]:
    """Return (code, instructions to skip if true, if false, value) of each instruction."""
    return [
        (LOAD, 0, 0, ARCHITECTURE),
        (EQUALS, 1, 0, calls.audit),
        (RETURN, 0, 0, REFUSE | errno.EPERM),
        (LOAD, 0, 0, NUMBER),
        (HAS_BITS, 0, 1, X32),
        (RETURN, 0, 0, REFUSE | errno.EPERM),
        *(one for number in calls.refused for one in _refusal(number, errno.EPERM)),
        *_refusal(CLONE3, errno.ENOSYS),
        (EQUALS, 0, 3, calls.clone),
        (LOAD, 0, 0, FIRST_ARGUMENT),
        (HAS_BITS, 1, 0, CLONE_THREAD),
        (RETURN, 0, 0, REFUSE | errno.EPERM),
        (RETURN, 0, 0, ALLOW),
    ]


def _refusal(number: int, error: int) -> list[tuple[int, int, int, int]]:
    return [(EQUALS, 0, 1, number), (RETURN, 0, 0, REFUSE | error)]
