"""Memory of the backend, seen from outside: the kernel's own peak of its resident pages."""

import re
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.database import FEATURES, Bench, scan
from benchmarks.report import Goal, Table, goal_cells
from benchmarks.speed import DROP_MODEL, train
from benchmarks.timing import SERIAL


@dataclass
class Growth:
    """MB that a backend grew by while something ran, at most and in the end, shared buffers aside."""

    peak: float = 0
    kept: float = 0


def memory(bench: Bench) -> Table:
    """One serial backend through its first training, large ones and one with a store."""
    store_mb = bench.rows * (FEATURES + 3) * 8 / 1e6  # the features, an intercept, the target, a weight
    robust, limit, size = ", robust => true", Goal(30, "MB"), f"{bench.rows:,} rows"
    imports, numbers = "Python", f"a store, {store_mb:.0f} MB of numbers, given back"
    steps: list[tuple[str, str, int, Goal | None, str]] = [
        ("first regr_train, 1,000 rows", train("small"), 1, None, imports),
        (f"regr_train, {size}", train(), 1, limit, "streaming"),
        ("five more of them", train(), 5, limit, ""),
        ("first with robust errors, 1,000 rows", train("small", robust), 1, None, "numpy and scipy.special"),
        (f"regr_train, {size}, robust errors", train("t", robust), 1, None, numbers),
    ]
    rows = []
    with closing(bench.connect()) as connection:
        (pid,) = connection.query("SELECT pg_backend_pid()").getresult()[0]
        connection.query(SERIAL)
        connection.query(scan())
        base = status(pid)
        for name, query, times, goal, note in steps:
            with growth(pid) as grown:
                for _ in range(times):
                    connection.query(query)
                    connection.query(DROP_MODEL)
            rows.append([name, f"{grown.peak:.1f}", f"{grown.kept:.1f}", *goal_cells(goal, grown.peak), note])
    return Table(
        "Memory",
        "One backend, one call after another, parallel workers off: growth of its resident memory (VmHWM and"
        " VmRSS of /proc), shared buffers aside.  After a scan of the table"
        f" {base['RssAnon']:.1f} MB were its own.",
        ["call", "growth at most, MB", "kept after it, MB", "goal", "met", "note"],
        rows,
        left=["note"],
    )


@contextmanager
def growth(pid: int) -> Iterator[Growth]:
    """Fill in what happened inside."""
    grown = Growth()
    Path(f"/proc/{pid}/clear_refs").write_text("5")  # the peak starts anew
    before = status(pid)
    yield grown
    after = status(pid)
    shared = after["RssShmem"] - before["RssShmem"]
    grown.peak = after["VmHWM"] - before["VmRSS"] - shared
    grown.kept = after["VmRSS"] - before["VmRSS"] - shared


def status(pid: int) -> dict[str, float]:
    """The sizes in /proc/PID/status, in MB."""
    text = Path(f"/proc/{pid}/status").read_text()
    return {
        name: int(kilobytes) * 1.024e-3
        for name, kilobytes in re.findall(r"^(\w+):\s+(\d+) kB$", text, re.MULTILINE)
    }
