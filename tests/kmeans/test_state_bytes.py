"""States are bytes that may come from anywhere: a value or an error, never the end of the server."""

from struct import pack_into

import numpy as np
import pg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from madpy.ports.postgres.layouts.kernel import STATE

FIELDS = {name: STATE.fields[name][1] for name in STATE.names}
KERNELS = ["kmeans", "kmeans_sample", "weighted_kmeans", "weighted_kmeans_sample"]
CALLS = {
    "kmeans": "kmeans_state(ARRAY[i, i % 3]::float8[], '{{0, {mode}, 7, 0, 9, 9, 1, 1, 5, 2}}')",
    "kmeans_sample": "kmeans_sample_state(ARRAY[i, i % 3]::float8[], '{{7, 0, 0, 0, {mode}}}')",
    "weighted_kmeans": "weighted_kmeans_state(i % 4, ARRAY[i, i % 3]::float8[],"
    " '{{0, {mode}, 7, 0, 9, 9, 4, 1, 1, 5, 2}}')",
    "weighted_kmeans_sample": "weighted_kmeans_sample_state(i % 4, ARRAY[i, i % 3]::float8[],"
    " '{{7, 0, 0, 0, {mode}}}')",
}
DOUBLES = st.floats() | st.sampled_from([0.0, -1.0, 0.5, 1.0, 2.0, 3.0, 1e9, 5e-324, 1.7e308])
INTEGERS = st.integers(-(2**31), 2**31 - 1) | st.integers(-2, 20)
FUZZ = settings(
    max_examples=150,
    derandomize=True,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


@pytest.fixture
def whole(sql):
    """Valid states of each kernel, in all modes, with and without rows that wait."""
    states = [
        (
            kernel,
            bytes(
                sql.value(f"SELECT madlib.{CALLS[kernel].format(mode=mode)} FROM generate_series(1, 9) AS i")
            ),
        )
        for kernel in KERNELS
        for mode in range(4)
    ]
    return states + [(kernel, waiting(state)) for kernel, state in states]


def waiting(state: bytes) -> bytes:
    """Return the state with 3 rows in its tail."""
    with_tail = bytearray(state + bytes(8 * int(np.frombuffer(state, STATE, 1)["ncols"][0]) * 3))
    pack_into("<ii", with_tail, FIELDS["tail_rows"], 3, 3)
    return bytes(with_tail)


def survives(sql, *states: bytes) -> None:
    pid = sql.connection.backend_pid
    values = ", ".join(f"('\\x{state.hex()}'::bytea)" for state in states)
    for kernel in KERNELS:
        for call in (f"{kernel}_merge(s)", f"__{kernel}_state(s)"):
            try:
                sql(f"SELECT length(madlib.{call}) FROM (VALUES {values}) AS v(s)")
            except pg.DatabaseError as error:
                assert error.sqlstate in ("22P03", "22023", "2202E", "22003"), (call, str(error))
    assert sql.value("SELECT pg_backend_pid()") == pid


@FUZZ
@given(st.binary(max_size=200))
def test_any_bytes(sql, data):
    survives(sql, data, data)


@FUZZ
@given(st.data())
def test_valid_states_cut_off_or_continued(sql, whole, data):
    _, state = data.draw(st.sampled_from(whole))
    survives(sql, state[: data.draw(st.integers(0, len(state) - 1))], state)
    survives(sql, state, state + data.draw(st.binary(min_size=1, max_size=50)))


@FUZZ
@given(st.data())
def test_valid_states_with_other_headers(sql, whole, data):
    _, state = data.draw(st.sampled_from(whole))
    changed = bytearray(state)
    for name in data.draw(st.lists(st.sampled_from(STATE.names[1:7]), min_size=1, max_size=3)):
        size = STATE[name].itemsize
        changed[FIELDS[name] : FIELDS[name] + size] = (data.draw(INTEGERS) % 2 ** (8 * size)).to_bytes(
            size, "little"
        )
    survives(sql, state, bytes(changed))


@FUZZ
@given(st.data())
def test_valid_states_with_other_numbers(sql, whole, data):
    _, state = data.draw(st.sampled_from(whole))
    changed = bytearray(state)
    for at in data.draw(st.lists(st.integers(0, (len(changed) - STATE.itemsize) // 8 - 1), max_size=30)):
        pack_into("<d", changed, STATE.itemsize + 8 * at, data.draw(DOUBLES))
    survives(sql, bytes(changed), state)
    survives(sql, bytes(changed), bytes(changed))


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ("'{}'", "parameters must be an array of numbers without NULL"),
        ("'{1, NULL}'", "parameters must be an array of numbers without NULL"),
        ("NULL", "parameters must be an array of numbers without NULL"),
        ("'{0, 0, 0, 0, 1, 1}'", "6 parameters do not fit 2 features"),
        ("'{0, 0, 0, 0, 1, 1, 2}'", "7 parameters do not fit 2 features"),
        ("'{3, 0, 0, 0, 1, 1, 2, 3}'", "parameter 1 must be between 0 and 2, not 3"),
        ("'{0, NaN, 0, 0, 1, 1, 2, 3}'", "parameter 2 must be between 0 and 3, not NaN"),
        ("'{0, 0, 0, 0, 1, 1, NaN, NaN}'", "some row has no finite distance to any centroid"),
    ],
)
def test_parameters(sql, parameters, message):
    assert sql.fails(f"SELECT madlib.kmeans_state('{{1, 2}}', {parameters})").message == message


def test_bounds_that_the_rows_exceed(sql):
    """Another session may have added a row: sums are then not exact, and as good as any."""
    call = "madlib.kmeans_state(ARRAY[i], '{0, 0, 0, 0, 0.001, 1}')"
    state = bytes(sql.value(f"SELECT {call} FROM generate_series(1, 100) AS i"))
    sums = np.frombuffer(state, offset=STATE.itemsize)[6:18].reshape(3, 4).sum(axis=1)
    assert sums == pytest.approx([5050, sum((i - 1) ** 2 for i in range(1, 101)), 100], rel=1e-9)


def test_states_of_other_parameters_cannot_be_merged(sql):
    error = sql.fails(
        """
        SELECT madlib.kmeans_merge(s)
        FROM (SELECT madlib.kmeans_state('{1}', ARRAY[0, 0, 0, 0, 1, i]) AS s FROM generate_series(1, 2) AS i
              GROUP BY i) AS states
        """
    )
    assert error.message == "states of different parameters cannot be merged"
