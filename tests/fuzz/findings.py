"""Reports of a fuzzer: faults, distinguished by their place, each with the smallest call that shows it."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from tests.fuzz.calls import Call, Row
from tests.fuzz.session import DiedError, Outcome, Session, TimedOutError
from tests.fuzz.values import Raw


@dataclass(frozen=True)
class Limits:
    """The time and memory that one call may take."""

    seconds: float
    megabytes: int


@dataclass(frozen=True)
class Fault:
    """A fault of one call: its kind, what tells it from others, and all that is known of it."""

    kind: str
    mark: str
    report: str


def fault_of(session: Session, call: Call, limits: Limits) -> Fault | None:
    """The fault that one call shows, in a transaction of its own."""
    try:
        (outcome,) = session.attempt([call.statement()])
    except DiedError as error:
        return Fault("the backend died", where(str(error)), str(error))
    except TimedOutError:
        return Fault("a call did not end", call.function.name, f"more than {session.limit:g} s")
    if after_all := told(outcome, limits, call):
        return after_all
    if (grown := session.grown) > limits.megabytes:
        session.reconnect()
        return Fault("a call took much memory", call.function.name, f"{grown} MB")
    return None


def told(outcome: Outcome, limits: Limits, call: Call) -> Fault | None:
    """The fault that shows in the outcome of a call."""
    if outcome.state.startswith("XX"):
        said = re.sub(r"-?\d+(\.\d+)?(e[+-]?\d+)?", "0", outcome.said).replace(call.function.kernel, "...")
        return Fault("an internal error", said, f"{outcome.state}: {outcome.said}")
    if outcome.state in ("bytes", "leak"):
        return Fault(outcome.said, call.function.name, outcome.said)
    if outcome.seconds > limits.seconds:
        return Fault("a call took long", call.function.name, f"{outcome.seconds:.1f} s")
    return None


def where(report: str) -> str:
    """The first places in a checker's report that are in the library; of a plain signal, what was logged."""
    places = re.findall(
        r"\bin (\w+) (?:\S*/)?(src/\w+\.[ch]:\d+)|(\w+) \((\w+\.[ch]:\d+)\)|^(src/\w+\.[ch]:\d+)",
        report,
        re.M,
    )
    if places:
        return " ".join(next(filter(None, place[::-1])) for place in places[:1])
    return re.sub(r"\d+", "0", report.splitlines()[0] if report else "")[-80:]


def smallest(call: Call, shows: Callable[[Call], bool], tries: int) -> Call:
    """The call made smaller, step by step, as long as it shows the fault."""
    found = True
    while found and tries > 0:
        found = False
        for smaller in simpler(call):
            if tries <= 0:
                break
            tries -= 1
            if shows(smaller):
                call, found = smaller, True
                break
    return call


def simpler(call: Call) -> Iterator[Call]:
    """Calls with less in them: fewer rows first, then simpler arguments."""
    if call.window:
        yield replace(call, window="")
    if call.own and call.own.final:
        yield replace(call, own=replace(call.own, final=None, inverse=None))
    for repeat in {1, 2, call.repeat // 2} - {0}:
        if repeat < call.repeat:
            yield replace(call, repeat=repeat)
    for n in range(len(call.rows)):
        if len(call.rows) > 1:
            yield replace(call, rows=(*call.rows[:n], *call.rows[n + 1 :]))
    if call.own and call.own.initial is not None:
        for initial in simpler_values(call.own.initial):
            yield replace(call, own=replace(call.own, initial=initial))
    for at, row in enumerate(call.rows):
        for n, value in enumerate(row.values):
            for less in simpler_values(value):
                rows = [*call.rows]
                rows[at] = Row(row.types, (*row.values[:n], less, *row.values[n + 1 :]))
                yield replace(call, rows=tuple(rows))


def simpler_values(value: Any) -> Iterator[Any]:
    if value is None or isinstance(value, Raw | bool):
        return
    yield None
    if isinstance(value, bytes):
        yield from shorter(value)
        for size in (64, 16, 8):
            for at in range(0, min(len(value), 512), size):
                if any(value[at : at + size]):
                    yield value[:at] + bytes(len(value[at : at + size])) + value[at + size :]
    elif isinstance(value, list):
        yield from shorter(value)
        if any(item != 0 for item in value):
            yield [0] * len(value)
            for n, item in enumerate(value):
                if item != 0:
                    yield [*value[:n], 0, *value[n + 1 :]]
    elif isinstance(value, str):
        yield from shorter(value)
    elif value != 0:
        yield 0


def shorter(value: Any) -> Iterator[Any]:
    """Beginnings of a text, of bytes or of a list."""
    for length in sorted({0, 1, len(value) // 2, len(value) - 8, len(value) - 1}):
        if 0 <= length < len(value):
            yield value[:length]
