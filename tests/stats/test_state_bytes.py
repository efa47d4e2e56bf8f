"""States of sketches are bytes from anywhere: a value or an error, never the end of the server."""

import struct

import numpy as np
import pg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from madpy.ports.postgres.layouts.moments import moments_minima
from tests.stats.layout import SUMMARY

MAKERS = {
    "distinct": "madlib.fmsketch_dcount_state(i % 20)",
    "distinct, registers": "madlib.fmsketch_dcount_state(i)",
    "integer": "madlib.column_summary_state(i)",
    "few": "madlib.column_summary_state(i) FILTER (WHERE i < 9)",
    "numeric": "madlib.column_summary_state(i / 7.0)",
    "timestamp": "madlib.column_summary_state(timestamp '2000-01-01' + i * interval '1 s')",
    "text": "madlib.column_summary_state((i % 99)::text)",
    "many texts": "madlib.column_summary_state(md5(i::text))",
    "row": "madlib.__row_summary(ROW(i, i::text, date '2000-01-01' + i), 7)",
    "moments": "madlib.column_moments_state(ARRAY[i, sqrt(i)])",
}
FUNCTIONS = [
    "fmsketch_dcount_merge({})",
    "__fmsketch_final({})",
    "column_summary_merge({})",
    "column_summary_of({})",
    "__column_summary_state({})",
    "__row_summary_column({}, 2)",
    "column_moments_merge({})",
    "column_means({})",
    "column_correlation({})",
    "column_covariance({})",
    "__column_rows({}, true)",
]
# malformed; not to be merged; numbers that are none; text that is not in the server's encoding; a date of no
# calendar; moments of another length; more values than a sketch takes
EXPECTED = {"22P03", "42804", "22003", "22021", "22008", "2202E", "54000", "22023"}
EXTREMES = [0, 1, 2, 8, 1535, 1536, 1537, 2047, 2048, 2**31 - 1, 2**31, 2**32 - 1]
FUZZ = settings(
    max_examples=150,
    derandomize=True,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


@pytest.fixture(scope="module")
def states(database):
    """A valid state of each kind."""
    connection = database.connect()
    query = "SELECT {} FROM generate_series(1, 5000) AS i"
    made = {name: connection.query(query.format(maker)).getresult()[0][0] for name, maker in MAKERS.items()}
    connection.close()
    return made


def survives(sql, data: bytes, other: bytes) -> None:
    pid = sql.connection.backend_pid
    value = f"'\\x{data.hex()}'::bytea"
    merges = [
        f"{kind}(s) FROM (VALUES ({value}), ('\\x{other.hex()}'::bytea)) AS t(s)"
        for kind in ("fmsketch_dcount_merge", "column_summary_merge", "column_moments_merge")
    ]
    for call in [*(function.format(value) for function in FUNCTIONS), *merges]:
        try:
            sql(f"SELECT madlib.{call}")
        except pg.DatabaseError as error:
            assert error.sqlstate in EXPECTED, (call[:40], str(error))
    assert sql.value("SELECT pg_backend_pid()") == pid


@FUZZ
@given(st.binary(max_size=300))
def test_any_bytes(sql, data):
    survives(sql, data, data)


@FUZZ
@given(st.data())
def test_cut_off_or_continued(sql, states, data):
    name = data.draw(st.sampled_from(sorted(states)))
    valid = states[name]
    length = data.draw(st.integers(0, len(valid) - 1))
    survives(sql, valid[:length], valid)
    survives(sql, valid + data.draw(st.binary(min_size=1, max_size=100)), valid)


@FUZZ
@given(st.data())
def test_altered(sql, states, data):
    """Words of the head are altered as often as all that lies behind it."""
    name = data.draw(st.sampled_from(sorted(states)))
    changed = bytearray(states[name])
    for _ in range(data.draw(st.integers(1, 4))):
        end = len(changed) - 8 if data.draw(st.booleans()) else min(300, len(changed) - 8)
        at = data.draw(st.integers(0, end)) // 4 * 4
        size = data.draw(st.sampled_from([1, 4, 8]))
        word = data.draw(
            st.binary(min_size=size, max_size=size)
            | st.sampled_from(EXTREMES).map(lambda number: number.to_bytes(8, "little"))
        )
        changed[at : at + size] = word[:size]
    survives(sql, bytes(changed), states[name])


def test_quantiles_in_no_order(sql):
    """Runs that are merged are taken to be sorted; where they are not, no more is read or written."""
    query = "SELECT madlib.column_summary_state(i) FROM generate_series({}) AS i"
    one = sql.value(query.format("10, 10"))
    changed = bytearray(sql.value(query.format("1, 20")))
    ordered = struct.pack("<20d", *range(1, 21))
    at = changed.index(ordered)
    changed[at : at + len(ordered)] = struct.pack("<20d", *range(20, 0, -1))
    for pair in ((bytes(changed), one), (one, bytes(changed))):
        survives(sql, *pair)
        states = ", ".join(f"('\\x{state.hex()}'::bytea)" for state in pair)
        merged = f"SELECT madlib.column_summary_merge(s) AS s FROM (VALUES {states}) AS t(s)"
        (found,) = sql(f"SELECT (madlib.column_summary_of(s)).quantile_array FROM ({merged}) AS m")
        assert all(1 <= value <= 20 for value in found[0])


# --- parts that do not belong together ---

MALFORMED = ("22P03", "malformed state of column_summary")
AT = {name: SUMMARY.fields[name][1] for name in SUMMARY.names}
MINIMUM = AT["moments"] + 8 * moments_minima(1)


def parts(state):
    """Where each part of a state of column_summary begins, and where the last one ends."""
    sizes = np.frombuffer(state, SUMMARY, 1)["bytes"][0].tolist()
    return [SUMMARY.itemsize + sum(sizes[:part]) for part in range(6)]


def refused(sql, call, *states):
    values = ", ".join(f"('\\x{bytes(state).hex()}'::bytea)" for state in states)
    error = sql.fails(f"SELECT madlib.{call} FROM (VALUES {values}) AS v(s)")
    return error.sqlstate, error.message


@pytest.mark.parametrize(
    "call", ["column_summary_merge(s)", "__column_summary_state(s)", "column_summary_of(s)"]
)
@pytest.mark.parametrize(
    ("kind", "wanted"),  # a text has no quantiles: 5 is all of it
    [*(("integer", wanted) for wanted in range(7)), *(("text", wanted) for wanted in (0, 1, 2, 3, 4, 6))],
)
def test_parts_that_are_not_wanted(sql, states, kind, wanted, call):
    """No space is made for them: values of the second state were written behind the end of the first."""
    state = bytearray(states[kind])
    state[AT["wanted"]] = wanted
    assert refused(sql, call, state) == MALFORMED
    empty = sql.value(f"SELECT madlib.column_summary_state(i, {wanted}) FROM generate_series(1, 1) AS i")
    assert refused(sql, "column_summary_merge(s)", empty, state) == MALFORMED


def test_counters_that_are_all_free(sql, states):
    """Though all are said to be in use: counts were lowered by what lay in memory."""
    state = bytearray(states["integer"])
    first, last = parts(state)[3:5]
    capacity, count = struct.unpack_from("<2I", state, first)
    assert (capacity, count > 0, struct.unpack_from("<I", state, AT["bytes"])[0] > 0) == (2048, True, True)
    state[first + 16 : last] = bytes(last - first - 16)
    struct.pack_into("<I", state, first + 4, 1536)
    struct.pack_into("<I", state, AT["waiting"], 1)
    assert refused(sql, "__column_summary_state(s)", state) == (
        "22P03",
        "this sketch of frequent values is damaged",
    )


@pytest.mark.parametrize("days", [2**31, -(2**40), 2**31 - 2, -2500000])
def test_a_date_that_is_none(sql, days):
    state = bytearray(sql.value("SELECT madlib.column_summary_state('2000-01-02'::date)"))
    at = state.index(struct.pack("<qq", 1, 1), parts(state)[3] + 16)
    struct.pack_into("<q", state, at, days)
    assert refused(sql, "column_summary_of(s)", state) == MALFORMED


@pytest.mark.parametrize("seconds", [float("nan"), 1e300, -1e300, 1e18])
@pytest.mark.parametrize("sql_type", ["date", "timestamp", "timestamptz"])
def test_a_time_that_is_none(sql, sql_type, seconds):
    """The smallest value, in seconds since 1970, as a number that no integer can hold."""
    state = bytearray(sql.value(f"SELECT madlib.column_summary_state('2000-01-02'::{sql_type})"))
    assert (
        struct.unpack_from("<d", state, MINIMUM)[0] == struct.unpack_from("<d", state, MINIMUM + 8)[0] > 9e8
    )
    struct.pack_into("<d", state, MINIMUM, seconds)
    assert refused(sql, "column_summary_of(s, '{}')", state) == MALFORMED


def test_registers_of_more_values_than_there_are_numbers(sql, states):
    """All of them full: the estimate is infinite, and no integer."""
    state = bytearray(states["distinct, registers"])
    state[-(1 << 14) :] = bytes([51]) * (1 << 14)
    assert sql.value(f"SELECT madlib.__fmsketch_final('\\x{state.hex()}')") == 2**53
