"""python -m tests.fuzz [--calls N] [--seed N] [--seconds S] [--megabytes N] [--only NAME]
                      [--under sanitizers|valgrind]

Calls every C function with values at their limits.  Says which calls end a backend, are an internal
error, take too long or too much memory, or return memory that they did not write; exit code 1 if any does.
"""

import argparse
import sys
import time
from contextlib import nullcontext

from madpy.dev.server import Address, start
from madpy.dev.state import State, here
from tests.fuzz import checked
from tests.fuzz.catalogue import functions
from tests.fuzz.corpus import Corpus, collected
from tests.fuzz.database import database
from tests.fuzz.findings import Limits
from tests.fuzz.run import fuzz


def main(arguments: list[str]) -> int:
    """The exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--calls", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--seconds", type=float, default=3, help="what a call may take")
    # A state may have 384 MB; its text has twice as many, and there is a copy of each.
    parser.add_argument("--megabytes", type=int, default=2000, help="what a call may take")
    parser.add_argument("--most", type=int, default=20, help="faults after which the fuzzer stops")
    parser.add_argument("--tries", type=int, default=100, help="to make a call smaller")
    parser.add_argument("--under", choices=sorted(checked.CHECKERS), help="a checker of memory")
    parser.add_argument("--only", default="", help="a part of the names of the functions that are called")
    options = parser.parse_args(arguments)

    state = here()
    ordinary = start(state)
    with database(ordinary) as address:
        valid = collected(address, functions(address))
    checker = checked.CHECKERS.get(options.under)
    if checker:
        running = checked.running(state, checker)
        state = checked.state_of(state, checker)
    else:
        running = nullcontext(ordinary)
    with running as server, database(server) as address:
        return report(options, address, state, valid)


def report(options: argparse.Namespace, address: Address, state: State, valid: Corpus) -> int:
    """Run the fuzzer, print what it found and how much it did."""
    slower = checked.CHECKERS[options.under].slower if options.under else 1
    limits = Limits(options.seconds * slower, options.megabytes * slower)
    print(f"seed {options.seed}, {options.calls} calls", flush=True)
    began = time.monotonic()
    fuzzer = fuzz(
        address, state.log, valid, seed=options.seed, calls=options.calls, limits=limits, most=options.most,
        tries=options.tries, only=options.only, say=lambda text: print(text, flush=True),
    )  # fmt: skip
    outcomes = ", ".join(f"{count} {state}" for state, count in fuzzer.outcomes.most_common(8))
    taken = f"{fuzzer.number} calls in {time.monotonic() - began:.0f} s"
    print(f"seed {options.seed}: {taken} ({outcomes}), {len(fuzzer.findings)} faults", flush=True)
    return 1 if fuzzer.findings else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
