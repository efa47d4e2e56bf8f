"""States with categories as bytes that nobody made: an error or a state, never the end of the server.

Users cannot hand over such bytes: only parallel workers do.  Aggregates of these tests, which a superuser
declares over pointers as numbers, read any bytes and merge what was read.
"""

import struct

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from madpy.ports.postgres.layouts.kernel import STATE

LIBRARY = "SELECT probin FROM pg_proc WHERE prosrc = 'coded_state'"
AGGREGATES = """
    CREATE FUNCTION last_of(bytea, bytea) RETURNS bytea LANGUAGE sql IMMUTABLE AS 'SELECT $2';
    CREATE FUNCTION read_coded(bytea) RETURNS bigint LANGUAGE c AS '{0}', 'coded_deserial';
    CREATE FUNCTION merge_coded(bigint, bigint) RETURNS bigint LANGUAGE c AS '{0}', 'coded_combine';
    CREATE FUNCTION write_coded(bigint) RETURNS bytea LANGUAGE c AS '{0}', 'coded_state';
    CREATE AGGREGATE read_state(bytea) (SFUNC = last_of, STYPE = bytea, FINALFUNC = read_coded);
    CREATE AGGREGATE merge_read(bigint) (SFUNC = merge_coded, STYPE = bigint, FINALFUNC = write_coded);
    SET enable_sort = off;
    CREATE TABLE t AS
    SELECT 'y' || i % 2 AS y, 'v' || i % 3 AS b, i % 5 = 0 AS c, (i % 4)::bigint AS d, i::float8 AS a,
           1.5::float8 AS w
    FROM generate_series(1, 40) AS i
"""
STATES = {
    "nb": "__nb_coded_columns(y, '{99,99}', a, b, c, d)",
    "other levels": "__nb_coded_columns(upper(y), '{99,99}', a, 'x' || d, NOT c, d - 9)",
    "other types": "__nb_coded_columns(y, '{99,99}', b, a, d, c)",
    "other target": "__nb_coded_columns(d, '{99,99}', a, b, c, d)",
    "fewer": "__nb_coded_columns(y, '{99,99}', a, b)",
    "weighted": "__weighted_nb_coded_columns(y, w, '{99,99}', a, b, c)",
    "numbers": "__nb_coded_columns(y, '{99,99}', a, a, a, a)",
}
DAMAGED = {"22P03", "22023", "42804", "54000"}
IN_A_TEST = settings(
    max_examples=200,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


@pytest.fixture
def coded(sql):
    sql(AGGREGATES.format(sql.value(LIBRARY)))
    return sql


@pytest.fixture
def states(coded) -> dict[str, bytes]:
    return {name: coded.value(f"SELECT madlib.{call} FROM t") for name, call in STATES.items()}


def merged(sql, *states: bytes) -> bytes | str:
    """The state that states merge into, or the SQLSTATE."""
    rows = ", ".join(f"({n}, '\\x{state.hex()}'::bytea)" for n, state in enumerate(states))
    read = f"SELECT read_state(bytes) AS state FROM (VALUES {rows}) AS v (n, bytes) GROUP BY n"
    try:
        return sql.value(f"SELECT merge_read(state) FROM ({read}) AS s")
    except Exception as error:
        return error.sqlstate


def size_of(state: bytes) -> int:
    """Bytes of the kernel's state, behind which are the dictionaries."""
    return struct.unpack_from("<I", state)[0] >> 2


def test_states_of_the_same_columns_merge(sql, coded, states):
    """As if the rows had come to one aggregate, whatever the dictionaries have in them."""
    assert merged(sql, states["nb"]) == states["nb"]
    both = "(SELECT y, a, b, c, d FROM t UNION ALL SELECT upper(y), a, 'x' || d, NOT c, d - 9 FROM t) AS t"
    one = sql.value(f"SELECT madlib.{STATES['nb']} FROM {both}")
    two = merged(sql, states["nb"], states["other levels"])
    assert len(two) == len(one)
    assert two[size_of(two) :] == one[size_of(one) :]


@pytest.mark.parametrize("name", ["other types", "other target", "fewer", "weighted", "numbers"])
def test_states_of_other_columns_do_not(sql, coded, states, name):
    for pair in ((states["nb"], states[name]), (states[name], states["nb"])):
        assert merged(sql, *pair) in {"22023", "42804"}


@IN_A_TEST
@given(st.data())
def test_truncated_and_too_long(sql, coded, states, data):
    state = states["nb"]
    assert merged(sql, state[: data.draw(st.integers(0, len(state) - 1))]) == "22P03"
    assert merged(sql, state + data.draw(st.binary(min_size=1, max_size=20))) == "22P03"


@IN_A_TEST
@given(data=st.binary(max_size=200))
@example(data=struct.pack("<I", 0xFFFFFFFF))
@example(data=struct.pack("<I", 0x40000002) + bytes(60))
def test_random_bytes(sql, coded, data):
    assert merged(sql, data) == "22P03"


@IN_A_TEST
@given(st.data())
def test_altered_dictionaries(sql, coded, states, data):
    """Types, counts, lengths and values; what is read is merged with a state that is right."""
    state = bytearray(states["nb"])
    start = size_of(state)
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(start, len(state) - 4))
        value = data.draw(st.sampled_from([0, 1, 2, 16, 20, 25, 100, 2**30, 2**31 - 1, 2**31, 2**32 - 1]))
        struct.pack_into("<I", state, at, value)
    for pair in ((bytes(state),), (bytes(state), states["nb"]), (states["nb"], bytes(state))):
        result = merged(sql, *pair)
        assert isinstance(result, bytes) or result in DAMAGED


@IN_A_TEST
@given(st.data())
def test_altered_states(sql, coded, states, data):
    """The head of the state, and the numbers that say how many levels there are."""
    state = bytearray(states["nb"])
    if data.draw(st.booleans()):
        at = data.draw(st.integers(0, STATE.itemsize // 4 - 1)) * 4
        struct.pack_into("<I", state, at, data.draw(st.integers(0, 2**32 - 1) | st.integers(0, 70)))
    else:
        at = STATE.itemsize + 8 * data.draw(st.integers(0, 9))
        struct.pack_into("<d", state, at, data.draw(st.floats() | st.integers(-1, 9).map(float)))
    for pair in ((bytes(state),), (bytes(state), states["nb"]), (states["nb"], bytes(state))):
        result = merged(sql, *pair)
        assert isinstance(result, bytes) or result in DAMAGED


@pytest.mark.parametrize("count", [3, 2**20, 2**31 - 1, -1])
def test_a_dictionary_that_says_it_has_more(sql, coded, states, count):
    state = bytearray(states["nb"])
    struct.pack_into("<i", state, size_of(state) + 4, count)
    assert merged(sql, bytes(state)) == "22P03"


def test_the_same_value_twice(sql, coded, states):
    """The target's dictionary: type, count, two lengths, "y1" and "y0"."""
    state = states["nb"]
    at = size_of(state) + 16
    assert state[at : at + 4] == b"y1y0"
    assert merged(sql, state[:at] + b"y1y1" + state[at + 4 :]) == "22P03"
    assert merged(sql, state[:at] + b"y1y2" + state[at + 4 :]) not in DAMAGED
