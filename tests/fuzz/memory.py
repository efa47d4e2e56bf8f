"""python -m tests.fuzz.memory [OPTION OF THE FUZZER]...: the fuzzer and the hostile tests, memory checked.

First under AddressSanitizer and UndefinedBehaviorSanitizer, a million calls where not said otherwise, then a
smaller number under valgrind, which sees memory that is read before it is written.
"""

import os
import subprocess
import sys

from madpy.dev.state import CHECKOUT, State, here
from tests.fuzz import checked
from tests.fuzz.__main__ import main

HOSTILE = [
    "tests/*/test_hostile.py",
    "tests/projects/hostile/test_*.py",
    "tests/*/test_*bytes.py",
    "tests/ports/test_bounds.py",
    "tests/ports/test_parallel_fill.py",
    "tests/ports/test_workers.py",
    "tests/shards/test_keys.py",
]
CALLS = {checked.SANITIZERS: 1_000_000, checked.VALGRIND: 20_000}


def check(options: list[str]) -> int:
    """The number of parts that failed."""
    failed = 0
    for checker, calls in CALLS.items():
        arguments = (
            ["--calls", str(calls), *options] if checker is checked.SANITIZERS else ["--calls", str(calls)]
        )
        failed += main([*arguments, "--under", checker.name])
        if checker is checked.SANITIZERS:
            failed += hostile_tests(here(), checker) != 0
    print("memory: no fault" if failed == 0 else f"memory: {failed} parts failed")
    return failed


def hostile_tests(main_state: State, checker: checked.Checker) -> int:
    """The exit code of pytest over the tests of states, models and names that nobody made."""
    files = sorted(str(path) for pattern in HOSTILE for path in CHECKOUT.glob(pattern))
    with checked.running(main_state, checker):
        command = [sys.executable, "-m", "pytest", *files]
        return subprocess.run(command, env=os.environ, cwd=CHECKOUT).returncode


if __name__ == "__main__":
    sys.exit(check(sys.argv[1:]))
