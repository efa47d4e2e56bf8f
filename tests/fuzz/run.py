"""The fuzzer: makes calls from a seed, has them executed, and says what went wrong."""

import os
import random
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path

from madpy.dev.server import Address
from tests.fuzz.calls import Call, Writer
from tests.fuzz.catalogue import functions
from tests.fuzz.findings import Fault, Limits, fault_of, smallest, told, where
from tests.fuzz.session import DiedError, Outcome, Session, TimedOutError
from tests.fuzz.values import Maker

BATCH = 200
MOST_OF_A_KIND = 200  # values that calls returned, kept as material


@dataclass(frozen=True)
class Finding:
    """A fault and the smallest call that was found to show it."""

    fault: Fault
    statement: str
    number: int  # of the call

    def __str__(self) -> str:
        head = f"call {self.number}: {self.fault.kind}: {self.fault.mark}"
        return f"{head}\n{self.fault.report}\n{self.statement};\n"


@dataclass
class Fuzzer:
    """One run: the same calls for the same seed, corpus, and answers of the server."""

    session: Session
    writer: Writer
    limits: Limits
    most: int
    tries: int
    say: Callable[[str], None]
    findings: dict[str, Finding] = field(default_factory=dict)
    outcomes: Counter[str] = field(default_factory=Counter)
    known: set[tuple[str, str]] = field(default_factory=set)
    number: int = 0

    def run(self, calls: int) -> None:
        """As many calls, or fewer where there is enough to mend."""
        source = self.writer.calls()
        began = told_at = time.monotonic()
        while self.number < calls and len(self.findings) < self.most:
            self.batch(list(islice(source, min(BATCH, calls - self.number))))
            if time.monotonic() - told_at > 30:
                told_at = time.monotonic()
                self.say(f"{self.number} calls in {told_at - began:.0f} s, {len(self.findings)} faults")

    def batch(self, calls: list[Call]) -> None:
        """Calls at once; where the backend dies of one, those after it again."""
        while calls:
            done = self.attempt(calls)
            self.number += done
            calls = calls[done:]

    def attempt(self, calls: list[Call]) -> int:
        """How many of the calls are done with."""
        try:
            outcomes = self.session.attempt([call.statement() for call in calls])
        except (DiedError, TimedOutError) as error:
            return self.one_by_one(calls, error)
        if self.session.grown > self.limits.megabytes:
            self.session.reconnect()
            return self.one_by_one(calls, None)
        if self.session.grown > self.limits.megabytes / 3:
            self.session.reconnect()
        for at, (call, outcome) in enumerate(zip(calls, outcomes, strict=True)):
            self.learn(call, outcome)
            if fault := told(outcome, self.limits, call):
                self.found(call, fault, self.number + at)
        return len(calls)

    def one_by_one(self, calls: list[Call], error: Exception | None) -> int:
        """Find the call after which the backend was gone, or had taken much time or memory."""
        for at, call in enumerate(calls):
            if fault := fault_of(self.session, call, self.limits):
                self.found(call, fault, self.number + at)
                return at + 1
        if isinstance(error, DiedError):
            everything = ";\n".join(call.statement() for call in calls)
            fault = Fault("the backend died after many calls", where(str(error)), str(error))
            self.tell(Finding(fault, everything, self.number))
        return len(calls)

    def found(self, call: Call, fault: Fault, number: int) -> None:
        if fault.mark in self.findings:
            return

        def shows(other: Call) -> bool:
            again = fault_of(self.session, other, self.limits)
            return again is not None and again.mark == fault.mark

        tries = self.tries if fault.kind == "an internal error" else self.tries // 4
        self.tell(Finding(fault, smallest(call, shows, tries).statement(), number))

    def tell(self, finding: Finding) -> None:
        """Say what was found, once."""
        if finding.fault.mark not in self.findings:
            self.findings[finding.fault.mark] = finding
            self.say(str(finding))

    def learn(self, call: Call, outcome: Outcome) -> None:
        """Keep what did something new, and values that were returned, to be altered further."""
        state = "a value" if outcome.state == "FUZZ0" else outcome.state
        self.outcomes[state] += 1
        sign = (call.function.name, state + outcome.said[:20])
        if sign not in self.known or (outcome.state == "FUZZ0" and self.writer.chance.random() < 0.02):
            self.known.add(sign)
            self.writer.keep(call)
        if outcome.value and outcome.value.startswith("\\x") and self.writer.chance.random() < 0.1:
            values = self.writer.maker.corpus.setdefault(call.function.kernel, [])
            if len(values) < MOST_OF_A_KIND:
                values.append(bytes.fromhex(outcome.value[2:].split(",")[0]))


def fuzz(
    address: Address,
    log: Path,
    corpus: dict[str, list[bytes]],
    *,
    seed: int,
    calls: int,
    limits: Limits,
    most: int = 20,
    tries: int = 100,
    only: str = "",
    say: Callable[[str], None] = lambda text: None,
) -> Fuzzer:
    """Call the library of a database with what it does not expect, as a login without rights."""
    chance = random.Random(seed)
    called = [function for function in functions(address) if only in function.name]
    writer = Writer(chance, Maker(chance, corpus), called)
    with login(address) as user:
        session = Session(replace(address, user=user), log, 4 * limits.seconds)
        fuzzer = Fuzzer(session, writer, limits, most, tries, say)
        try:
            fuzzer.run(calls)
        finally:
            session.connection.close()
    return fuzzer


@contextmanager
def login(address: Address) -> Iterator[str]:
    """A login without rights, but that it may execute every function, and predict with every project."""
    name = f"madpy_fuzz_{os.getpid()}"
    with closing(address.connect()) as connection:
        connection.query(f"CREATE ROLE {name} LOGIN")
        connection.query(f"GRANT EXECUTE ON ALL ROUTINES IN SCHEMA madlib, pgml TO {name}")
        connection.query(f"UPDATE pgml.__projects SET readers = ARRAY['{name}'::regrole]")
    try:
        yield name
    finally:
        with closing(address.connect()) as connection:
            connection.query(f"DROP OWNED BY {name}")
            connection.query(f"DROP ROLE {name}")
