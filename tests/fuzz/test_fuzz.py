"""A short run of the fuzzer; the long ones are `make fuzz` and `make check-memory`."""

from madpy.dev.state import here
from tests.fuzz.catalogue import functions
from tests.fuzz.corpus import collected
from tests.fuzz.findings import Limits
from tests.fuzz.run import fuzz

CALLS = 6000


def test_some_thousand_calls(database):
    """No backend ends, no internal error, and no call takes long: the same calls each time."""
    found = functions(database)
    material = collected(database, found)
    limits = Limits(seconds=5, megabytes=2000)
    fuzzer = fuzz(database, here().log, material, seed=1, calls=CALLS, limits=limits, tries=20)
    assert "\n".join(map(str, fuzzer.findings.values())) == ""
    assert fuzzer.number == CALLS
    assert fuzzer.outcomes["a value"] > CALLS / 10  # most of what is altered is refused, but not everything
    called = {name for name, _ in fuzzer.known}
    assert {function.name for function in found if function.is_callable} - called == set()
