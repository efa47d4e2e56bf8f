"""Names and values of any kind, and models and states that nobody made: nothing crashes."""

import struct

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from madpy.modules.dtree.layout import MODEL_TREE
from madpy.ports.postgres.model import crc32c, pack, unpack
from tests.call import literal
from tests.dtree.conftest import call

NAMES = [
    "Capital",
    "with space",
    'quo"ted',
    "apo'strophe",
    "semi;colon",
    "back\\slash",
    "select",
    "größe {x:i} %s",
]
ROWS = "SELECT i % 2 AS y, i::float8 AS a, 'x' || i % 3 AS c FROM generate_series(1, 40) AS i"
IN_A_TEST = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
MALFORMED = {"22P03", "42809", "2202E", "22021", None}


def written(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


@pytest.mark.parametrize("name", NAMES)
def test_names_and_values(sql, name):
    """As table, feature, category, class, group and model."""
    column, table, value = written(name), written("t" + name), literal(name)
    sql(
        f"CREATE TABLE {table} AS SELECT i::float8 AS {column},"
        f" CASE i % 2 WHEN 0 THEN {value} ELSE 'b' END AS y,"
        f" CASE WHEN i > 5 THEN {value} ELSE 'c' END AS {written('g' + name)},"
        f" CASE i % 2 WHEN 0 THEN {value} ELSE 'd' END AS {written('c' + name)}"
        " FROM generate_series(1, 12) AS i"
    )
    model = written("m" + name)
    sql(
        call(
            f"{column}, {written('c' + name)}", "y", table, model,
            grouping_cols=written("g" + name), min_split=2, min_bucket=1,
        )
    )  # fmt: skip
    assert {row[0] for row in sql(f"SELECT prediction FROM {model}")} == {name, "b"}
    sql(f"SELECT madlib.dtree_predict({literal(model)}, {literal(table)}, {literal(written('p' + name))})")
    assert sql(f"SELECT count(*) FROM {written('p' + name)} WHERE prediction = y") == [(12,)]
    for format in ("text", "dot", "svg"):
        assert "rows" in sql.value(f"SELECT madlib.dtree_display({literal(model)}, '{format}')")
    assert len(sql(f"SELECT * FROM madlib.dtree_importance({literal(model)})")) == 4


def test_an_empty_search_path(sql, schema):
    sql(f"CREATE TABLE t AS {ROWS}")
    sql("SET search_path = ''")
    sql(call("a, c", "y", f"{schema}.t", f"{schema}.m", n_folds=2))
    sql(f"SELECT madlib.dtree_predict('{schema}.m', '{schema}.t', '{schema}.p')")
    sql(f"SELECT madlib.dtree_display('{schema}.m'), madlib.dtree_importance('{schema}.m')")
    assert sql.value(f"SELECT count(prediction) FROM {schema}.p") == 40


@pytest.fixture
def model(sql) -> bytes:
    sql(f"CREATE TABLE t AS {ROWS}")
    sql(call("a, c", task="classification", min_split=2, min_bucket=1))
    return sql.value("SELECT model FROM m_summary")


def score(sql, data: bytes) -> str | None:
    """The SQLSTATE of what scoring with these bytes says; None if it scores."""
    for row in ("ARRAY[1.5, 1]", "ARRAY['1.5', 'x1']", "ARRAY[NULL, 1e9]::float8[]"):
        query = f"SELECT count(*) FROM madlib.dtree_predict_prob('\\x{data.hex()}'::bytea, {row})"
        try:
            sql(query)
        except Exception as error:
            return error.sqlstate
    return None


def test_models_that_are_altered(sql, model):
    """Truncated, one byte changed with and without a new checksum, and anything at all."""
    assert score(sql, model) is None

    @IN_A_TEST
    @given(st.integers(0, len(model) - 1))
    def cut_off(length):
        assert score(sql, model[:length]) == "22P03"

    @IN_A_TEST
    @given(st.integers(0, len(model) - 1), st.integers(1, 255), st.booleans())
    def one_byte(at, by, repaired):
        damaged = bytearray(model)
        damaged[at] ^= by
        data = (
            bytes(damaged[:-4]) + struct.pack("<I", crc32c(bytes(damaged[:-4])))
            if repaired
            else bytes(damaged)
        )
        found = score(sql, data)
        assert found in MALFORMED if repaired else found == "22P03"

    @IN_A_TEST
    @given(st.binary(max_size=200))
    def anything(data):
        assert score(sql, data) == "22P03"

    cut_off()
    one_byte()
    anything()


def test_models_whose_arrays_lead_astray(sql, model):
    header, arrays = unpack(model, MODEL_TREE)

    @IN_A_TEST
    @given(
        st.integers(0, len(arrays) - 1),
        st.lists(st.integers(-(2**31), 2**31 - 1), max_size=40),
        st.integers(0, 39),
    )
    def change(which, values, place):
        changed = [array.copy() for array in arrays]
        if values and len(changed[which]):
            changed[which][place % len(changed[which])] = values[0]
        else:
            changed[which] = np.array(values, changed[which].dtype)
        assert score(sql, pack(MODEL_TREE, header, changed)) in MALFORMED

    change()


PARAMS = [
    0,
    2,
    1,
    1,
    1,
    1,
    0,
    0,
    0,
    0,
    0,
    1,
    3,
    0.5,
    1.5,
    -1,
    0,
    0,
    0,
    0,
    0,
    0,
]  # one root, a feature of three bins


def given_lists(length):
    """A test with one to three places among `length` numbers, each with a number that may lead astray."""
    numbers = [-2, -1, 0, 1, 2, 7, 22, 24, 40, 1e9, 1e300, -1e300, np.inf, -np.inf, np.nan, 0.5]
    change = st.tuples(st.integers(0, length - 1), st.sampled_from(numbers))
    return given(st.lists(change, min_size=1, max_size=3))


def test_parameters_that_lead_astray(sql):
    """Any number in any place of the kernel's parameters is an error or is counted."""
    state = (
        "SELECT length(madlib.dtree_state(i % 2, ARRAY[i]::float8[], {}::float8[]))"
        " FROM generate_series(1, 300) AS i"
    )
    assert sql.value(state.format(f"ARRAY{PARAMS}")) > 0

    @IN_A_TEST
    @given(
        st.integers(0, len(PARAMS) - 1),
        st.sampled_from([-2, -1, 0, 1, 2, 7, 1e9, 1e300, np.inf, np.nan, 0.5]),
    )
    def change(at, value):
        params = [*PARAMS[:at], value, *PARAMS[at + 1 :]]
        text = ",".join(map(repr, map(float, params)))
        try:
            sql(state.format(f"'{{{text}}}'"))
        except Exception as error:
            assert error.sqlstate in ("22023", "2202E", "54000"), error

    change()


def counted(sql, params, target, x):
    """Return the state of the kernel after one row; `x` is SQL."""
    state = (
        f"madlib.dtree_state({target}, ARRAY[{x}]::float8[], '{{{','.join(map(str, params))}}}'::float8[])"
    )
    return sql.value(f"SELECT {state}")


@pytest.mark.parametrize("x", ["-1", "3", "1e10", "-1e300", "1e300", "'inf'", "'-inf'", "'nan'"])
def test_codes_that_are_none(sql, x):
    """A code of a category that no integer can be counts as NULL."""
    params = [1, 2, 1, 1, 1, 1, *[0] * 5, 1, -3, -1, 0, 0, 0, 0, 0, 0]
    assert counted(sql, params, 0, x) == counted(sql, params, 0, "NULL") != counted(sql, params, 0, "2")


@pytest.mark.parametrize("target", ["-1", "2", "1e10", "1e300", "-1e300", "'inf'", "'nan'"])
def test_classes_that_are_none(sql, target):
    error = sql.fails(f"SELECT madlib.dtree_state({target}, ARRAY[1]::float8[], ARRAY{PARAMS}::float8[])")
    number = {"1e10": "1e+10", "1e300": "1e+300", "-1e300": "-1e+300", "'inf'": "Infinity", "'nan'": "NaN"}
    assert (error.sqlstate, error.message) == (
        "22023",
        f"the parameters do not describe a tree: {number.get(target, target)} is not from 0 to 1",
    )


@pytest.mark.parametrize("word", ["-1", "4294967296", "1e300", "-1e300", "inf", "nan"])
def test_sets_of_levels_that_are_none(sql, word):
    """A number that is no set of 32 levels sends none of them left."""
    head = [1, 2, 2, 3, 1, 0, *[0] * 5, 1, -3]
    nodes = [0, 1, 2, 34, 0, -1, 0, -1, 0, 0, 0, 0, 0, 0, -1, 0, 0, 0, 0, 1, 0]
    assert len(head) + len(nodes) == 34
    cells = {
        said: np.frombuffer(counted(sql, [*head, *nodes, said], 0, 1)[-32:]).tolist()
        for said in (word, "0", "2")  # the set of no level, and of level 1
    }
    assert cells == {word: [0, 0, 1, 0], "0": [0, 0, 1, 0], "2": [1, 0, 0, 0]}


# The same root, and what a second look adds: where a row was before, then the bins with several values, or
# two intervals; the smallest weight of a row, where moves begin, how many there are, where marks or intervals
# begin, how many intervals.
BOUND = [*PARAMS[:5], 2, *PARAMS[6:], 0, 7, 1, 22, 1, 23, 0]
INTERVAL = [0, 0, 1, -np.inf, np.inf, 1.0, 2.0, 1, 4, 0.5, *[3, 4] * 3]
INTERVALS = [*PARAMS[:5], 3, *PARAMS[6:], 0, *INTERVAL, *INTERVAL[:2], 2, *INTERVAL[3:], 1, 22, 1, 23, 2]


def of_codes(params):
    """Return the parameters for a store whose bins are known: without the two edges."""
    moves, count, marks, intervals = params[-4:]
    return [1, *params[1:13], *params[15:-4], moves - 2, count, marks - 2, intervals]


@pytest.mark.parametrize("params", [BOUND, INTERVALS], ids=["marks", "intervals"])
def test_second_looks_that_lead_astray(sql, params):
    """By an aggregate, as an outcome, and over a store that has codes of other bins."""
    given = "'{%s}'::float8[]"
    state = "madlib.dtree_state(i % 2, ARRAY[i / 100.0]::float8[], {})"
    query = f"SELECT madlib.__dtree_outcome({state}), {state} FROM generate_series(1, 300) AS i"
    codes = np.array([4.0, 0.5, 1.0, 2.0]).tobytes().hex()

    def run(params):
        numbers = given % ",".join(map(repr, map(float, params)))
        sql(query.format(numbers, numbers))
        packed = np.array(of_codes(params), float).tobytes().hex()
        sql(
            f"""
            BEGIN;
            SELECT set_config('a.store', madlib.__store_fill(
                'SELECT i / 100.0, i % 2 FROM generate_series(1, 300) AS i', 0)::text, true);
            SELECT madlib.__store_bin(current_setting('a.store')::integer, 0, '\\x{codes}');
            SELECT madlib.__store_outcomes(
                current_setting('a.store')::integer, 'dtree', '\\x{packed}', '{{}}');
            COMMIT
            """
        )

    run(params)

    @IN_A_TEST
    @given_lists(len(params))
    def change(changes):
        changed = list(params)
        for at, value in changes:
            changed[at] = value
        try:
            run(changed)
        except Exception as error:
            sql("ROLLBACK")
            assert error.sqlstate in ("22023", "2202E", "54000"), error

    change()


@pytest.mark.parametrize("kernel", ["dtree", "dtree_sample"])
def test_states_that_are_altered(sql, kernel):
    params = PARAMS if kernel == "dtree" else [5, 0]
    state = sql.value(
        f"SELECT madlib.{kernel}_state(i % 2, ARRAY[i]::float8[], ARRAY{params}::float8[])"
        " FROM generate_series(1, 30) AS i"
    )
    merged = f"SELECT length(madlib.{kernel}_merge(s)) FROM (VALUES ({{0}}), ({{0}})) AS v(s)"
    assert sql.value(merged.format(f"'\\x{state.hex()}'::bytea")) == len(state)

    @IN_A_TEST
    @given(st.integers(0, len(state) - 1), st.integers(1, 255))
    def one_byte(at, by):
        damaged = bytearray(state)
        damaged[at] ^= by
        try:
            sql(merged.format(f"'\\x{bytes(damaged).hex()}'::bytea"))
        except Exception as error:
            assert error.sqlstate in ("22P03", "22023", "2202E"), error

    one_byte()


def test_a_function_of_somebody_else(sql):
    """One that fits the arguments better than PostgreSQL's own, in a schema of the search_path."""
    sql("CREATE FUNCTION unnest(text[]) RETURNS SETOF text LANGUAGE sql AS $$ SELECT 'mine' $$")
    sql("CREATE TABLE t AS SELECT i % 2 AS y, i::float8 AS a FROM generate_series(1, 30) AS i")
    sql(call("a"))
    assert sql("SELECT feature FROM madlib.dtree_importance('m')") == [("a",)]


def test_operators_of_somebody_else(sql, loot):
    """None of them is run, in either feed, with groups, categories, folds and predictions."""
    sql(
        "CREATE TABLE t AS SELECT i % 2 AS y, i::float8 AS a, ('x' || i % 3)::varchar AS c, i % 2 = 0 AS b,"
        " ('g' || i % 2)::varchar AS g FROM generate_series(1, 60) AS i"
    )
    for memory in ("256MB", "0"):
        sql(f"SET madpy.store_memory = '{memory}'")
        for output, target in (("m", "y"), ("n", "c")):
            features = "a, c, b" if target == "y" else "a, b"
            sql(call(features, target, output=output, grouping_cols="g", n_folds=2))
            sql(f"SELECT madlib.dtree_display('{output}'), madlib.dtree_importance('{output}')")
            sql(f"SELECT madlib.dtree_predict('{output}', 't', 'p_{output}')")
        sql("SELECT madlib.dtree_predict_prob('n', 't', 'q')")
        sql("DROP TABLE m, m_summary, n, n_summary, p_m, p_n, q")
    assert loot() == []


TAKEN = "CREATE FUNCTION {}(mood) RETURNS {} LANGUAGE plpgsql AS $$ BEGIN RAISE 'run'; END $$"


def test_casts_of_somebody_else(sql):
    """A user's casts of the type of a class or a group are not run: a model shows the type's own output."""
    sql("CREATE TYPE mood AS ENUM ('sad', 'happy')")
    sql("CREATE TABLE t AS SELECT i::float8 AS a, (enum_range(NULL::mood))[1 + i % 2] AS y,"
        " (enum_range(NULL::mood))[1 + i / 30] AS g FROM generate_series(1, 59) AS i")  # fmt: skip
    sql(call("a", grouping_cols="g"))
    for sql_type in ("text", "json"):
        sql(TAKEN.format(f"as_{sql_type}", sql_type))
        sql(f"CREATE CAST (mood AS {sql_type}) WITH FUNCTION as_{sql_type}(mood)")
    assert "run" in sql.fails("SELECT to_jsonb(g) FROM t").message  # it would be
    drawn = sql.value("SELECT madlib.dtree_display('m')")
    assert drawn.startswith('{"g": "sad"}') and "happy" in drawn
    assert sql("SELECT DISTINCT groups->>'g' FROM madlib.dtree_importance('m')") == [("happy",), ("sad",)]


def test_a_table_with_the_columns_of_a_model(sql):
    """Operators of a user's types would run with the rights of whoever displays the table: it is refused."""
    sql(f"CREATE TABLE t AS {ROWS}")
    sql(call("a"))
    sql("CREATE TYPE loss AS (it float8)")
    sql("ALTER TABLE m ALTER gain TYPE loss USING ROW(gain)::loss")
    for function in ("dtree_importance", "dtree_display"):
        error = sql.fails(f"SELECT madlib.{function}('m')")
        assert (error.sqlstate, error.message) == (
            "42809",
            f'{function}: table "m" is not a model of dtree_train',
        )
    sql("CREATE TABLE n AS SELECT * FROM t")
    sql(call("a", output="o"))
    sql("ALTER TABLE o_summary ALTER feature_names TYPE name[]")
    assert sql.fails("SELECT madlib.dtree_importance('o')").sqlstate == "42809"


@pytest.mark.parametrize(
    "change",
    [
        "DELETE FROM m WHERE node = 1",
        "DELETE FROM m WHERE node = 2",
        "INSERT INTO m SELECT (m).* FROM (SELECT m FROM m LIMIT 1) AS again",
        "UPDATE m SET node = NULL WHERE node = 2",
        "UPDATE m SET node = NULL",
        "UPDATE m SET num_rows = NULL",
        "UPDATE m SET class_counts = '{}'",
        "UPDATE m SET class_counts = '{NULL,1}' WHERE node = 1",
        "UPDATE m SET class_counts = '{{1,2}}'",
        "UPDATE m SET class_counts = NULL WHERE node = 1",
        "UPDATE m SET impurity = NULL WHERE node = 3",
    ],
)
def test_nodes_that_were_changed(sql, change):
    sql(f"CREATE TABLE t AS {ROWS}")
    sql(call("a, c", task="classification", min_split=2, min_bucket=1, max_depth=2))
    sql(change)
    for format in ("text", "dot", "svg"):
        error = sql.fails(f"SELECT madlib.dtree_display('m', '{format}')")
        assert error.message.startswith("dtree_display: the model is damaged: "), error
    sql("SELECT madlib.dtree_importance('m')")
