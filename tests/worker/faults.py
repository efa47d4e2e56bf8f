"""An algorithm that misbehaves in a way one can choose: tests add it to a copy of the worker's package.

The product has no such thing: see tests/worker/package.py.
"""

import ctypes
import errno
import json
import os
import resource
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.svm import SVR

from madpy.worker.estimators.algorithm import Algorithm
from madpy.worker.estimators.linear import linear_form
from madpy.worker.estimators.parameters import Choice


class Fault:
    """An estimator whose fit does what `how` says, and predicts nothing but 0."""

    def __init__(self, how: str) -> None:
        self.how = how

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> "Fault":
        self.columns = X.shape[1]
        getattr(self, self.how)(X, y)
        return self

    def predict(self, X: Any) -> Any:
        return np.zeros(len(X))

    def does_well(self, X: Any, y: Any) -> None:
        pass

    def raises(self, X: Any, y: Any) -> None:
        raise ZeroDivisionError("this fit \ud800 raises\0")

    def leaves(self, X: Any, y: Any) -> None:
        sys.exit(3)

    def exits(self, X: Any, y: Any) -> None:
        print("about to exit", file=sys.stderr, flush=True)
        os._exit(3)

    def prints(self, X: Any, y: Any) -> None:
        for descriptor in (1, 2):
            try:
                os.write(descriptor, b"MPW1" + os.urandom(1000) * 200)
                os.write(descriptor, b"MPW1" + os.urandom(1000) * 200)
            except OSError:
                pass
        print("printed" * 100_000)

    def segfaults(self, X: Any, y: Any) -> None:
        print("so far", file=sys.stderr, flush=True)
        ctypes.string_at(0)

    def aborts(self, X: Any, y: Any) -> None:
        os.write(2, b"terminate called after throwing an instance of 'std::bad_alloc'\n")
        os.abort()

    def fails_to_start_a_thread(self, X: Any, y: Any) -> None:
        """Write what OpenMP writes, and end as it does."""
        os.write(2, b"libgomp: Thread creation failed: Resource temporarily unavailable\n")
        os._exit(1)

    def ignores_what_malloc_says(self, X: Any, y: Any) -> None:
        libc = ctypes.CDLL(None)
        libc.malloc.restype = ctypes.c_void_p
        ctypes.memset(libc.malloc(ctypes.c_size_t(2**40)), 0, 1)

    def crashes_at_the_cap(self, X: Any, y: Any) -> None:
        """Crash where memory ends, long after the call that failed has been forgotten."""
        libc = ctypes.CDLL(None, use_errno=True)
        libc.malloc.restype = ctypes.c_void_p
        while libc.malloc(ctypes.c_size_t(100_000)):
            pass
        ctypes.set_errno(0)
        libc.free(None)  # sets errno to what it was set to
        libc.memset(None, 0, 1)

    def lacks_memory_for_a_library(self, X: Any, y: Any) -> None:
        raise ImportError("some.so: failed to map segment from shared object")

    def is_killed(self, X: Any, y: Any) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    def allocates(self, X: Any, y: Any) -> None:
        np.ones(2**40)

    def eats(self, X: Any, y: Any) -> None:
        eaten = []
        while True:
            eaten.append(b"x" * 2**20)

    def hoards(self, X: Any, y: Any) -> None:
        Fault.kept = np.ones(100 * 2**17)  # 100 MB that a library never gives back

    def forks(self, X: Any, y: Any) -> None:
        if os.fork() == 0:
            os.setsid()
            time.sleep(1000)

    def starts_a_program(self, X: Any, y: Any) -> None:
        subprocess.Popen(["/bin/sleep", "1000"], start_new_session=True)

    def sleeps(self, X: Any, y: Any) -> None:
        while True:
            with suppress(BaseException):
                time.sleep(1000)

    def naps(self, X: Any, y: Any) -> None:
        time.sleep(0.3)

    def stops(self, X: Any, y: Any) -> None:
        os.kill(os.getpid(), signal.SIGSTOP)

    def is_in_blas(self, X: Any, y: Any) -> None:
        big = np.ones((6000, 6000))
        while True:
            big @ big

    def is_in_libsvm(self, X: Any, y: Any) -> None:
        rng = np.random.default_rng(0)
        SVR(C=1e9, tol=1e-12, gamma=0.001).fit(rng.normal(size=(4000, 20)), rng.normal(size=4000))

    def talks_nonsense(self, X: Any, y: Any) -> None:
        for descriptor in _sockets():
            os.write(descriptor, b"\xff" * 50)

    def stops_listening(self, X: Any, y: Any) -> None:
        """Close all sockets, and go on."""
        for descriptor in _sockets():
            os.close(descriptor)
        time.sleep(1000)

    def uses_threads(self, X: Any, y: Any) -> None:
        big = np.ones((3000, 3000))
        big @ big
        tasks = len(list(Path("/proc/self/task").iterdir()))
        thread = threading.Thread(target=lambda: None)
        thread.start()
        thread.join()
        raise ValueError(json.dumps({"tasks": tasks}))

    def reports(self, X: Any, y: Any) -> None:
        facts = {
            "cwd": str(Path.cwd()),
            "environment": sorted(os.environ),
            "files": sorted(map(_link, Path("/proc/self/fd").iterdir())),
            "core": resource.getrlimit(resource.RLIMIT_CORE),
            "file": resource.getrlimit(resource.RLIMIT_FSIZE)[1],
            "oom": int(Path("/proc/self/oom_score_adj").read_text()),
            "is_leader": os.getsid(0) == os.getpid(),
        }
        raise ValueError(json.dumps(facts))

    def writes_to_the_store(self, X: Any, y: Any) -> None:
        X += 1
        facts: dict[str, list[str]] = {"maps": [], "writes": []}
        for line in Path("/proc/self/maps").read_text().splitlines():
            if "memfd:madpy " in line:
                facts["maps"].append(line.split()[1])
        for one in Path("/proc/self/fd").iterdir():
            if _link(one) == "/memfd:madpy (deleted)":
                try:
                    os.write(int(one.name), b"x")
                except OSError as error:
                    facts["writes"].append(errno.errorcode[error.errno or 0])
        raise ValueError(json.dumps(facts))


def _sockets() -> list[int]:
    return [int(one.name) for one in Path("/proc/self/fd").iterdir() if _link(one) == "socket"]


def _link(entry: Path) -> str:
    try:
        return str(entry.readlink()).split(":[")[0]
    except OSError:
        return ""


HOW = sorted(name for name in vars(Fault) if not name.startswith("_") and name not in ("fit", "predict"))
ALGORITHMS = [
    Algorithm(
        "fault",
        "regression",
        Fault,
        lambda fitted: linear_form(np.zeros(fitted.columns), 0),
        {"how": Choice(*HOW)},
    )
]
