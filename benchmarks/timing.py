"""Cases, and how they are timed: interleaved, so that what disturbs the machine disturbs all of them."""

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import pg
from rich.console import Console
from rich.progress import track

from benchmarks.report import LONG, Goal, goal_cells

SERIAL = "SET max_parallel_workers_per_gather = 0"
STORE_ROOM = "SET madpy.store_memory = '8GB'"  # for --rows; the default holds the usual table


@dataclass(frozen=True)
class Case:
    """One line of a table.  `run` is SQL, timed whole, or a function that says what took how many seconds."""

    name: str
    run: str | Callable[[], dict[str, float]]
    goal: Goal | None = None
    before: str = ""  # SQL, not timed; settings hold for this case only
    after: str = ""  # SQL, not timed
    note: str = ""


@dataclass
class Timing:
    """Seconds of one case, a number per round; `parts` the same for what it is made of."""

    seconds: list[float] = field(default_factory=list)
    parts: dict[str, list[float]] = field(default_factory=dict)

    @property
    def median(self) -> float:
        return statistics.median(self.seconds)

    def add(self, parts: dict[str, float]) -> None:
        self.seconds.append(sum(parts.values()))
        for name, seconds in parts.items():
            self.parts.setdefault(name, []).append(seconds)


def interleave(
    cases: Sequence[Case],
    connection: pg.Connection | None,
    rounds: int,
    title: str,
    warm_up: bool = True,
) -> dict[str, Timing]:
    """Time every case once a round, after a first round to warm up.  SQL runs in `connection`.

    A case that took long in the first round is not run again: that was its time.
    """
    timings = {case.name: Timing() for case in cases}
    done: set[str] = set()
    console = Console(stderr=True)
    numbers = range(0 if warm_up else 1, rounds + 1)
    for number in track(numbers, title, console=console, transient=True, disable=not console.is_terminal):
        for position in range(len(cases)):
            case = cases[(number + position) % len(cases)]
            if case.name in done:
                continue
            parts = run_once(case, connection)
            if number == 0 and sum(parts.values()) > LONG:
                done.add(case.name)
            if number > 0 or case.name in done:
                timings[case.name].add(parts)
    return timings


def run_once(case: Case, connection: pg.Connection | None) -> dict[str, float]:
    """Return the seconds of each part.  Only cases of SQL have something before and after."""
    if not isinstance(case.run, str):
        return case.run()
    assert connection is not None
    if case.before:
        connection.query(case.before)
    seconds = clock(connection, case.run)
    if case.after:
        connection.query(case.after)
    connection.query("RESET ALL")
    return {"": seconds}


def clock(connection: pg.Connection, query: str) -> float:
    """Seconds until the answer is here."""
    started = time.perf_counter()
    connection.query(query)
    return time.perf_counter() - started


def multiples(cases: Sequence[Case], timings: dict[str, Timing], floor: float) -> list[list[str]]:
    """Rows of case, seconds, multiple of the floor, its range, goal, met, note."""
    rows = []
    for case in cases:
        timing = timings[case.name]
        figures = in_units(case, timing, lambda seconds: seconds / floor)
        note = "; ".join(filter(None, [case.note, describe_parts(timing, floor)]))
        rows.append([case.name, f"{timing.median:.3f}", *figures, note])
    return rows


def in_units(case: Case, timing: Timing, convert: Callable[[float], float]) -> list[str]:
    """The median in the units that `convert` makes of seconds, its range, goal, met."""
    value = convert(timing.median)
    low, high = sorted(map(convert, (min(timing.seconds), max(timing.seconds))))
    return [f"{value:.2f}", f"{low:.2f}–{high:.2f}", *goal_cells(case.goal, value)]


def describe_parts(timing: Timing, floor: float) -> str:
    """Describe the parts of a case in multiples of the floor."""
    if len(timing.parts) < 2:
        return ""
    return ", ".join(
        f"{name} {statistics.median(seconds) / floor:.2f}" for name, seconds in timing.parts.items()
    )
