"""Servers whose memory is checked: the library compiled for a checker, in a state folder of its own.

The ordinary build is not touched.  What a checker finds is in the server's log; sanitizers end a backend too.
"""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from madpy.dev import cluster
from madpy.dev.server import Address, start, update_extension
from madpy.dev.state import State

GUARDED = Path(__file__).with_name("guarded.h")
FIRST = Path(__file__).with_name("first.c")
ADDRESS = {
    "detect_leaks": 0,  # what a transaction leaves behind, PostgreSQL frees with its memory contexts
    "abort_on_error": 1,
    "allocator_may_return_null": 1,
    "max_allocation_size_mb": 2000,
    "quarantine_size_mb": 8,
}
UNDEFINED = {"print_stacktrace": 1, "halt_on_error": 1, "abort_on_error": 1}


@dataclass(frozen=True)
class Checker:
    """A checker of memory: what the library is compiled with, and the script that starts the server."""

    name: str
    flags: str
    slower: int  # about how many times; a call may take so much more time and memory
    script: str


SANITIZERS = Checker(
    "sanitizers",
    "-fsanitize=address,undefined,float-cast-overflow -fno-sanitize-recover=all",
    10,
    """\
export LD_PRELOAD='{libasan} {first} {libubsan}'
export ASAN_OPTIONS='{address}'
exec {postgres} "$@"
""",
)
VALGRIND = Checker(
    "valgrind",
    "",
    50,
    """\
export PYTHONMALLOC=malloc
exec valgrind --quiet --trace-children=yes --error-limit=no --track-origins=yes {postgres} "$@"
""",
)
CHECKERS = {checker.name: checker for checker in (SANITIZERS, VALGRIND)}


def state_of(main: State, checker: Checker) -> State:
    """The state folder of the server under `checker`, beside that of the checkout."""
    return State(main.folder / f"checked-{checker.name}", main.pg_config)


def environment(state: State, checker: Checker) -> dict[str, str]:
    """Return the environment in which the checkout builds and uses this server; PGXS adds COPT to flags."""
    flags = f"-g -fno-omit-frame-pointer {checker.flags} -include {GUARDED}"
    return {"MADPY_STATE": str(state.folder), "COPT": flags}


@contextmanager
def running(main: State, checker: Checker) -> Iterator[Address]:
    """The server under `checker`, with the library as it is in the checkout; stopped at the end."""
    state = state_of(main, checker)
    state.folder.mkdir(exist_ok=True)
    (state.folder / "pg_config").write_text(state.pg_config)
    undefined = f'-DOPTIONS="{options(UNDEFINED)}"'
    command = ["gcc", "-shared", "-fPIC", "-Wl,-z,initfirst", undefined, FIRST]
    subprocess.run([*command, "-o", state.folder / "first.so"], check=True)
    state.wrapper.write_text(wrapper(state, checker))
    state.wrapper.chmod(0o755)
    forget_other_builds(state, checker)
    before = dict(os.environ)
    os.environ |= environment(state, checker)
    try:
        stop(state)
        address = start(state)
        update_extension(state, address)
        yield address
    finally:
        stop(state)
        os.environ.clear()
        os.environ |= before


def forget_other_builds(state: State, checker: Checker) -> None:
    """Compile anew where flags or guarded.h have changed, which make knows nothing of."""
    mark = state.folder / "compiled-with"
    compiled_with = checker.flags + GUARDED.read_text()
    if not mark.exists() or mark.read_text() != compiled_with:
        shutil.rmtree(state.folder / "c", ignore_errors=True)
        mark.write_text(compiled_with)


def stop(state: State) -> None:
    """Stop the server at once: its data are worth nothing, and a backend may not listen."""
    if cluster.running(state):
        cluster.as_owner(state, "pg_ctl", "-D", str(state.data), "-m", "immediate", "stop")


def wrapper(state: State, checker: Checker) -> str:
    """The script that is started in place of `postgres`."""
    filled = checker.script.format(
        libasan=library("asan"),
        libubsan=library("ubsan"),
        first=state.folder / "first.so",
        address=options(ADDRESS),
        postgres=state.program("postgres"),
    )
    return f"#!/bin/sh\n{filled}"


def options(values: dict[str, int]) -> str:
    return ":".join(f"{name}={value}" for name, value in values.items())


def library(name: str) -> str:
    """The file of a sanitizer's library, as the compiler links it."""
    command = ["gcc", f"-print-file-name=lib{name}.so"]
    return str(Path(subprocess.run(command, capture_output=True, text=True).stdout.strip()).resolve())
