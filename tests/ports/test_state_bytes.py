"""A state is bytes that may come from anywhere: a value or an error, never the end of the server."""

import re
from struct import pack_into

import pg
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from madpy.ports.postgres.layouts.kernel import STATE, TAIL_ROWS
from tests.ports.kernels import CALLS, KERNELS, TABLE, state

FUNCTIONS = [
    "regr_fit({})",
    "moments_merge({})",
    "weighted_moments_merge({})",
    "meat_merge({})",
    "squared_residuals_merge({})",
    "__regr_sandwich({0}, {1})",
    "__regr_constants({0})",
    "__regr_sandwich({1}, {0})",
    "__regr_fit({}, '{{0,1,1}}')",
    "__regr_aliases({}, '{{}}')",
    "__regr_is_perfect({})",
    "__mregr_coef({})",
    "__mregr_r2({})",
    "__mregr_tstats({})",
    "__mregr_pvalues({})",
    *(f"__{kernel}_state({{}})" for kernel in KERNELS),
]
FIELDS = {name: STATE.fields[name][1] for name in STATE.names}
EXTREMES = [0, 1, -1, 2, TAIL_ROWS - 1, TAIL_ROWS, TAIL_ROWS + 1, 2000, 2001, 2**15, 2**31 - 1, -(2**31)]
DOUBLES = st.floats() | st.sampled_from([0.0, -1.0, 5e-324, 1.7e308])
FUZZ = settings(
    max_examples=200,
    derandomize=True,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


@pytest.fixture
def t(sql):
    sql(TABLE)
    return sql


@pytest.fixture
def whole(t):
    """A valid state of each kernel."""
    return {kernel: state(t, kernel) for kernel in KERNELS}


def survives(sql, data: bytes, other: bytes) -> None:
    """Every function that takes states, each in the same backend."""
    pid = sql.connection.backend_pid
    for function in FUNCTIONS:
        call = function.format(f"'\\x{data.hex()}'::bytea", f"'\\x{other.hex()}'::bytea")
        try:
            sql(f"SELECT madlib.{call}")
        except pg.DatabaseError as error:
            assert error.sqlstate in ("22P03", "22023", "2202E", "22003"), (function, str(error))
    assert sql.value("SELECT pg_backend_pid()") == pid


@FUZZ
@given(st.binary(max_size=300))
@example(b"")
@example(b"mdpt")
@example(b"mdpt\x01\x00\x01\x00" + bytes(36))
def test_any_bytes(t, data):
    survives(t, data, data)


@FUZZ
@given(st.data())
def test_a_valid_state_cut_off_or_continued(whole, t, data):
    kernel = data.draw(st.sampled_from(KERNELS))
    valid = whole[kernel]
    length = data.draw(st.integers(0, len(valid) - 1))
    survives(t, valid[:length], whole["meat"])
    survives(t, valid + data.draw(st.binary(min_size=1, max_size=100)), whole["moments"])


@FUZZ
@given(st.data())
def test_a_valid_state_with_other_header_fields(whole, t, data):
    kernel = data.draw(st.sampled_from(KERNELS))
    changed = bytearray(whole[kernel])
    for name in data.draw(st.lists(st.sampled_from(list(FIELDS)[1:]), min_size=1, max_size=3)):
        size = STATE[name].itemsize
        value = data.draw(st.sampled_from(EXTREMES) | st.integers(-(2**63), 2**63 - 1))
        changed[FIELDS[name] : FIELDS[name] + size] = (value % 2 ** (8 * size)).to_bytes(size, "little")
    survives(t, bytes(changed), whole["meat" if kernel != "meat" else "moments"])


@FUZZ
@given(st.data())
def test_a_valid_state_with_other_numbers(whole, t, data):
    """Sums that no data have: negative squares, NaN, infinities."""
    kernel = data.draw(st.sampled_from(KERNELS))
    changed = bytearray(whole[kernel])
    for at in data.draw(st.lists(st.integers(0, (len(changed) - STATE.itemsize) // 8 - 1), max_size=30)):
        pack_into("<d", changed, STATE.itemsize + 8 * at, data.draw(DOUBLES))
    survives(t, bytes(changed), whole["meat" if kernel != "meat" else "moments"])


@pytest.mark.parametrize("waiting", [0, 1, 5, TAIL_ROWS - 1, TAIL_ROWS, TAIL_ROWS + 1])
def test_rows_that_wait_in_a_state(whole, t, waiting):
    """A state with a tail is what a parallel worker sends: taken if it is whole, never believed."""
    tail = bytearray(whole["moments"] + bytes(8 * 4 * waiting))
    pack_into("<ii", tail, FIELDS["tail_rows"], waiting, waiting)
    survives(t, bytes(tail), whole["meat"])
    merge = f"SELECT length(madlib.moments_merge('\\x{tail.hex()}'))"
    if waiting < TAIL_ROWS:
        assert t.value(merge) == len(whole["moments"])
    else:
        assert t.fails(merge).message == "this state is damaged"


@pytest.mark.parametrize("kernel", KERNELS)
def test_a_state_of_another_kernel(whole, t, kernel):
    for other in set(KERNELS) - {kernel}:
        error = t.fails(f"SELECT madlib.{kernel}_merge('\\x{whole[other].hex()}')")
        assert (error.sqlstate, error.message) == (
            "22P03",
            "this state is of another aggregate, or of another version of it",
        )


def test_states_of_other_shapes_cannot_be_merged(t):
    error = t.fails(
        "SELECT madlib.moments_merge(s) FROM (SELECT madlib.moments_state(y, x) AS s FROM t"
        " UNION ALL SELECT madlib.moments_state(y, ARRAY[1, i]) FROM t) AS b"
    )
    assert (error.sqlstate, re.sub(r"\d", "#", error.message)) == (
        "2202E",
        "states of # and # columns cannot be merged",
    )


@pytest.mark.parametrize("arguments", ["NULL, ", "'\\x00', "])
@pytest.mark.parametrize(
    "call",
    [
        "__moments_accum({}1, ARRAY[1])",
        "__weighted_moments_accum({}1, ARRAY[1], 1)",
        "__moments_columns_accum({}1, 1.0::float8)",
        "__meat_accum({}1, ARRAY[1], 1, ARRAY[1])",
        "__squared_residuals_accum({}1, ARRAY[1], 1, ARRAY[1])",
        *(f"__{kernel}_combine({{}}NULL)" for kernel in KERNELS),
    ],
)
def test_support_functions_are_for_aggregates(sql, call, arguments):
    error = sql.fails(f"SELECT madlib.{call.format(arguments)}")
    kernel = re.match("__(.*?)(_columns)?_(accum|combine)", call)[1]
    assert error.message in (f"{kernel} called outside an aggregate", "this is not a state of an aggregate")


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("start", ["", "mdpt", "whole", "full"])
def test_an_aggregate_of_somebody_else(whole, t, kernel, start):
    """Its first state is what he likes: also one that says that no place is left for a row."""
    first = whole[kernel] if start in ("whole", "full") else start.encode()
    if start == "full":
        ncols = int.from_bytes(first[FIELDS["ncols"] :][:4], "little")
        first = bytearray(first + bytes(8 * ncols * TAIL_ROWS))
        pack_into("<ii", first, FIELDS["tail_rows"], TAIL_ROWS, TAIL_ROWS)
    arguments = {"moments": ""}.get(kernel, ", float8") + (", float8[]" if "{" in CALLS[kernel] else "")
    t(
        f"CREATE AGGREGATE mine(float8, float8[]{arguments}) "
        f"(SFUNC = madlib.__{kernel}_accum, STYPE = bytea, INITCOND = '\\x{first.hex()}')"
    )
    call = f"SELECT mine({CALLS[kernel]}) FROM t"
    if start == "whole":
        assert t.value(call) is not None
    else:
        assert t.fails(call).sqlstate == "22P03"


def test_an_aggregate_of_columns_of_somebody_else(whole, t):
    for first in (b"", b"mdpt", whole["moments"]):
        t(
            'CREATE AGGREGATE mine(float8, VARIADIC "any") '
            f"(SFUNC = madlib.__moments_columns_accum, STYPE = bytea, INITCOND = '\\x{first.hex()}')"
        )
        assert t.fails("SELECT mine(y, w) FROM t").sqlstate in ("22P03", "2202E")
        t('DROP AGGREGATE mine(float8, VARIADIC "any")')
