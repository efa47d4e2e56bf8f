"""States, arrays and numbers from anywhere: no function reads or writes beside memory, shows bytes that it
did not write, or takes memory that the call does not account for."""

from itertools import product
from struct import pack

import numpy as np
import pytest

from madpy.ports.postgres.layouts.kernel import STATE, STATE_MAGIC, STATE_VERSION
from madpy.ports.postgres.layouts.keys import PACKED_MAGIC
from madpy.ports.postgres.session.keys import packed_keys
from tests.ports.layout import MAX_STATE_BYTES

LIMIT = ("54000", "a state of the kernel would be too large")


def said(error) -> tuple[str, str]:
    return error.sqlstate, error.message


def state(kernel: int, ncols: int, body: list[float], **fields: int) -> str:
    """A state that no aggregate returned, as SQL."""
    head = np.zeros(1, STATE)
    head["magic"], head["version"], head["kernel"], head["ncols"] = STATE_MAGIC, STATE_VERSION, kernel, ncols
    for name, value in fields.items():
        head[name] = value
    data = head.tobytes() + np.array(body, float).tobytes()
    return f"'\\x{data.hex()}'::bytea"


# --- bytes that were not written ---


def test_room_for_rows_is_zeros(sql):
    """An aggregate of the caller's own has no final function, and shows the state with its space.

    Five rows leave space for three more, which was memory as it came, with other people's rows in it.
    """
    sql(
        "CREATE AGGREGATE whole(float8, float8[]) (SFUNC = madlib.__moments_accum, STYPE = bytea);"
        "SELECT count(DISTINCT repeat(md5(i::text), 1 + i % 300)) FROM generate_series(1, 3000) AS i"
    )
    for k in range(2, 800, 7):
        data = sql.value(f"SELECT whole(1, array_fill(1::float8, ARRAY[{k}])) FROM generate_series(1, 5)")
        row = 8 * (k + 1)
        assert data[-8 * row : -3 * row] == np.ones(5 * (k + 1)).tobytes()
        assert data[-3 * row :] == bytes(3 * row), k


def test_a_state_whose_numbers_are_not_where_doubles_lie(sql):
    """Bytes of a table begin at a multiple of four: a state is copied before it is read."""
    sql(
        "CREATE TABLE kept (a int, s bytea, t bytea);"
        "ALTER TABLE kept ALTER s SET STORAGE PLAIN, ALTER t SET STORAGE PLAIN"
    )
    sql(
        "INSERT INTO kept SELECT 1, madlib.moments_state(2 * i + i % 3, ARRAY[1, i]),"
        " madlib.column_summary_state(i, 0) FROM generate_series(1, 9) AS i"
    )
    for column, function in (("s", "regr_fit"), ("t", "column_summary_of"), ("s", "__moments_state")):
        copied = f"SELECT (madlib.{function}(decode(encode({column}, 'hex'), 'hex')))::text FROM kept"
        assert sql(f"SELECT (madlib.{function}({column}))::text FROM kept") == sql(copied)


# --- counts and sizes ---


@pytest.mark.parametrize("what", ["tail_rows", "rows_used"])
@pytest.mark.parametrize("call", ["__dtree_state({})", "dtree_merge({})", "__dtree_outcome({})"])
def test_rows_of_a_state_without_features(sql, what, call):
    """Its body is its parameters: a row would be counted beside it."""
    params = [0, 1, 1e6, 1, *[0] * 5, 1, 0, 0, -1, 0, 0, 0, 0, 999999, 0]
    tail = [0.0] if what == "tail_rows" else []
    data = state(7, 1, params + tail, nparams=len(params), tail_capacity=len(tail), **{what: 1})
    assert said(sql.fails(f"SELECT madlib.{call.format(data)}")) == ("22P03", "this state is damaged")


@pytest.mark.parametrize("field", ["rows_used", "rows_skipped"])
def test_more_rows_than_can_be_counted(sql, field):
    data = state(1, 2, [0.0] * 18, **{field: 2**53 + 1})
    assert said(sql.fails(f"SELECT madlib.regr_fit({data})")) == ("22P03", "this state is damaged")


@pytest.mark.parametrize(("nparams", "ncols"), [(1, 2000), (4, 1), (5, 1), (9, 3)])
@pytest.mark.parametrize("call", ["__kmeans_state({})", "kmeans_merge({})"])
def test_parameters_that_are_too_few_for_the_features(sql, nparams, ncols, call):
    """The kernel kmeans once read bounds and centroids behind the end of the state."""
    places = max(0, (nparams - 4) // ncols - 1) if nparams > 4 else 0
    body = [0.0] * (nparams + 4 * places * (ncols + 3) + 1)
    data = state(9, ncols, body + [0.0] * ncols, nparams=nparams, tail_rows=1, tail_capacity=1)
    assert said(sql.fails(f"SELECT madlib.{call.format(data)}")) == (
        "2202E",
        f"{nparams} parameters do not fit {ncols} features",
    )


def test_columns_of_a_store_that_add_up_to_less_than_nothing(sql):
    """1,600 vectors of 1,342,178 numbers are 2,147,484,800 columns, 1,153 more than an int holds."""
    error = sql.fails(
        "SELECT madlib.__store_fill('SELECT ' || string_agg('a', ',')"
        " || ' FROM (SELECT array_fill(0.5::float8, ARRAY[1342178]) AS a OFFSET 0) AS s', 0)"
        " FROM generate_series(1, 1600)"
    )
    assert (*said(error), error.detail) == (
        "54011",
        "2147484800 columns are too many",
        "The most is 2000.",
    )


@pytest.mark.parametrize("seed", [-1.0, 0.5, 2.0**31, float("nan"), 1e300])
def test_a_seed_that_is_none(sql, seed):
    """The seed in a state of the kernel dtree_sample becomes an integer at every row."""
    body = [1.0, seed, 0.0, 0.0] + [0.0] * 8
    data = state(8, 2, [*body, 1.0, 2.0], nparams=2, tail_rows=1, tail_capacity=1)
    error = sql.fails(f"SELECT madlib.__dtree_sample_state({data})")
    assert said(error) == (
        "22023",
        f"the parameters do not describe a tree: {seed:g} is not from 0 to 2147483647".replace("nan", "NaN"),
    )


# --- memory ---


@pytest.mark.parametrize(
    "call",
    [
        "dtree_sample_state(1.0, array_fill(1.0::float8, ARRAY[50]), ARRAY[1000000, 0])",
        "kmeans_sample_state(array_fill(1.0::float8, ARRAY[100]), array_fill(1.0::float8, ARRAY[1000000]))",
        "dtree_state(0, ARRAY[1], ARRAY[0, 100, 1e6, 1, 1, 0, 0, 0, 0, 0, 0, 0, 1, -1, 0, 0, 0, 0, 0, 0])",
    ],
)
def test_a_state_that_would_be_too_large(sql, call):
    """A few numbers as parameters ask for hundreds of megabytes."""
    error = sql.fails(f"SELECT length(madlib.{call})")
    assert said(error) == LIMIT
    assert error.detail.endswith(f"the most is {MAX_STATE_BYTES}.")


def test_outcomes_that_would_be_too_many(sql):
    """A group may be asked for again: 200 outcomes of 8 MB are more than a value can hold."""
    sql("BEGIN")
    store = sql.value("SELECT madlib.__store_fill('SELECT 1.0::float8, 0.0::float8')")
    params = pack("<20d", 0, 1, 2**18, 1, 1, 1, *[0] * 6, 0, -1, *[0] * 6)
    groups = "array_fill(0, ARRAY[200])"
    error = sql.fails(
        f"SELECT length(madlib.__store_outcomes({store}, 'dtree',"
        f" decode(repeat('{params.hex()}', 200), 'hex'), {groups}))"
    )
    assert said(error) == ("54000", "all outcomes together would be too large")


@pytest.mark.parametrize(("groups", "keys"), [(2**22 + 1, 1), (2**19, 33)])
def test_groups_that_would_be_too_many(sql, groups, keys):
    """Each key takes four bytes here, and ten times as many when it is looked up."""
    head = pack("<Iiii", PACKED_MAGIC, groups, keys, 0).hex()
    arguments = ", ".join(["1"] * keys)
    error = sql.fails(
        f"SELECT madlib.__key_number(decode('{head}' || repeat('ffffffff', {groups * keys}), 'hex'),"
        f" {arguments})"
    )
    assert said(error) == ("54000", f"parameters of {groups} groups are too many")


@pytest.mark.parametrize(("groups", "keys"), list(product([2, 3, 2**31 - 1], [0, 1, 2])))
def test_more_groups_than_there_are_bytes_for(sql, groups, keys):
    """Nothing is made for a group before its keys are known to be there; without keys there is one group."""
    data = packed_keys([[None] * keys], []).hex()
    data = data[:8] + pack("<i", groups).hex() + data[16:24] + data[24:]
    columns = ", ".join(["n integer", *(f"c{k} integer" for k in range(keys))])
    calls = [f"SELECT count(*) FROM madlib.__key_rows('\\x{data}') AS g({columns})"]
    if keys:
        calls.append(f"SELECT madlib.__key_number('\\x{data}', {', '.join(['1'] * keys)})")
    for call in calls:
        assert said(sql.fails(call)) == ("22P03", "these parameters of groups are damaged")


@pytest.mark.parametrize("method", ["nb", "dtree"])
def test_probabilities_of_many_rows(sql, method):
    """Memory of a query does not grow with the rows it scores, where it grew by 450 bytes for each."""
    sql("CREATE TABLE t AS SELECT i::float8 AS x, i % 2 = 0 AS y FROM generate_series(1, 40) AS i")
    sql(f"SELECT madlib.{method}_train('t', 'm', 'y', 'x')")
    used = []
    for rows in (1000, 20000):
        query = (
            "SELECT count(p.*) AS n FROM generate_series(1, 20000) AS i, m_summary,"
            f" LATERAL madlib.{method}_predict_prob(model, ARRAY[i]::float8[]) AS p WHERE i <= {rows}"
        )
        context = "SELECT sum(used_bytes)::bigint AS used FROM pg_backend_memory_contexts WHERE n > 0"
        n, bytes = sql(f"SELECT n, used FROM ({query}) AS q, LATERAL ({context}) AS c")[0]
        assert n == 2 * rows
        used.append(bytes)
    assert used[1] - used[0] < 1_000_000


# --- errors ---


@pytest.mark.parametrize(
    "call", ["view_over(0, 0, 0)", "view_over('pg_catalog.pg_views', 0, 0)", "view_over('v', 't', 1)"]
)
def test_relations_that_do_not_exist(sql, call):
    sql("CREATE TABLE t AS SELECT 1 AS a; CREATE VIEW v AS SELECT a FROM t")
    if "pg_views" in call:
        assert sql.value(f"SELECT madlib.__{call}") is None
    else:
        number = "1" if "1" in call else "0"
        assert said(sql.fails(f"SELECT madlib.__{call}")) == (
            "42P01",
            f"relation with OID {number} does not exist",
        )


@pytest.mark.parametrize(
    "call",
    [
        "moments_accum(NULL, 1, NULL)",
        "moments_combine(NULL, NULL)",
        "moments_columns_accum(NULL, 1, 1.0::float8)",
        "fmsketch_accum(NULL, 1)",
        "fmsketch_combine(NULL, NULL)",
        "column_summary_accum(NULL, 1)",
        "column_summary_combine(NULL, NULL)",
    ],
)
def test_support_functions_outside_an_aggregate(sql, call):
    error = sql.fails(f"SELECT madlib.__{call}")
    assert error.sqlstate == "55000"
    assert error.message.endswith(" called outside an aggregate")


def test_a_version_that_is_no_text(sql):
    error = sql.fails("SELECT madlib.__same_version('\\xea'::bytea, 1)")
    assert error.sqlstate == "55000"
    assert error.message.endswith(" here, and something else on the server that asks")


@pytest.mark.parametrize(
    "expression", ["oid FROM pg_class --", "1 UNION SELECT 2 --", "relname FROM pg_class UNION SELECT a"]
)
def test_an_expression_of_other_relations(sql, expression):
    """Such an expression once came out as one of the table's columns, or as an internal error."""
    sql("CREATE TABLE t AS SELECT 'x'::name AS a")
    assert (
        sql.value(f"SELECT madlib.__resolve('{expression}', 't', current_setting('search_path'))")
        == expression
    )
