"""Calls of general functions, for the tests of all methods: see tests/methods.py."""

from tests.methods import ROWS

STATES = {
    "argmax": [
        f"SELECT madlib.argmax_state({key}, i % 5) {ROWS.format(20)}"
        for key in ("i", "i::smallint", "i::bigint", "'k' || i")
    ],
}
