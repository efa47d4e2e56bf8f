"""States of sketches are bytes from anywhere: a value or an error, never the end of the server."""

import struct

import pg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

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
