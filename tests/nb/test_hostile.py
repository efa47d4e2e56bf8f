"""Names and values of any kind, and models that nobody trained: nothing is executed, nothing crashes."""

import struct

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from madpy.modules.dtree.layout import MODEL_TREE
from madpy.modules.nb.layout import MODEL_BAYES
from madpy.ports.postgres.model import crc32c, pack, unpack
from tests.call import literal
from tests.nb.conftest import call

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
NASTY = """a") from pg_shadow; --"""
ROWS = "SELECT i % 2 AS y, i::float8 AS a, 'x' || i % 3 AS c FROM generate_series(1, 9) AS i"
IN_A_TEST = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def written(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


@pytest.mark.parametrize("name", [*NAMES, NASTY])
def test_names_and_values(sql, schema, name):
    """As table, feature, category, class, group, model and view."""
    column, table = written(name), written("t" + name)
    value = literal(name)
    sql(
        f"CREATE TABLE {table} AS SELECT i::float8 AS {column},"
        f" CASE i % 2 WHEN 0 THEN {value} ELSE 'b' END AS y,"
        f" CASE WHEN i > 5 THEN {value} ELSE 'c' END AS {written('g' + name)},"
        f" CASE i % 3 WHEN 0 THEN {value} END AS {written('c' + name)} FROM generate_series(1, 12) AS i"
    )
    model = written("m" + name)
    features = f"{column}, {written('c' + name)}"
    (row,) = sql.rows(call(features, "y", table, model, grouping_cols=written("g" + name)))
    assert row["classes"] == sorted([name, "b"], key=lambda text: row["classes"].index(text))
    assert row["feature_names"] == [name, "c" + name]
    rows = sql(f"SELECT DISTINCT value FROM {model} WHERE value IS NOT NULL")
    assert rows == [(name,)]
    sql(f"SELECT madlib.nb_predict({literal(model)}, {literal(table)}, {literal(written('p' + name))})")
    sql(f"SELECT madlib.nb_create_view({literal(model)}, {literal(table)}, {literal(written('v' + name))})")
    seen = sql(f"TABLE {written('v' + name)}")
    assert sorted(map(repr, seen)) == sorted(map(repr, sql(f"TABLE {written('p' + name)}")))
    assert {row[-1] for row in seen} <= {name, "b"}
    by_text = f"SELECT madlib.nb_predict(model, ARRAY['3', {value}]) FROM {written('m' + name + '_summary')}"
    assert {row[0] for row in sql(by_text)} <= {name, "b"}


@pytest.mark.parametrize("path", ["''", "pg_catalog"])
def test_an_empty_search_path(sql, schema, path):
    sql(f"CREATE TABLE t AS {ROWS}")
    sql(f"SET search_path = {path}")
    sql(call("a, c", "y", f"{schema}.t", f"{schema}.m"))
    sql(f"SELECT madlib.nb_predict_prob('{schema}.m', '{schema}.t', '{schema}.p')")
    assert sql.value(f"SELECT count(*) FROM {schema}.p") == 18


@pytest.fixture
def model(sql) -> bytes:
    sql(f"CREATE TABLE t AS {ROWS}")
    sql(call("a, c"))
    return sql.value("SELECT model FROM m_summary")


def score(sql, data: bytes) -> str | None:
    """The SQLSTATE of what scoring with these bytes says; None if it scores."""
    for row in ("ARRAY[1.5, 1]", "ARRAY['1.5', 'x1']", "ARRAY[NULL, 1e9]::float8[]"):
        query = f"SELECT count(*) FROM madlib.nb_predict_prob('\\x{data.hex()}'::bytea, {row})"
        try:
            sql(query)
        except Exception as error:
            return error.sqlstate
    return None


MALFORMED = {"22P03", "42809", "2202E", "22021"}


@IN_A_TEST
@given(st.data())
def test_truncated(sql, model, data):
    assert score(sql, model[: data.draw(st.integers(0, len(model) - 1))]) == "22P03"


@IN_A_TEST
@given(data=st.binary(max_size=300))
def test_random_bytes(sql, data):
    assert score(sql, data) == "22P03"
    assert score(sql, b"MADM\x01\0\0\0\x02\0\0\0" + data) == "22P03"


@settings(IN_A_TEST, max_examples=300)
@given(st.data())
def test_altered_with_a_right_checksum(sql, model, data):
    changed = bytearray(model[:-4])
    header = 24 + 5 * 16
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(12, header - 1) | st.integers(12, len(changed) - 1))
        changed[at] = data.draw(st.sampled_from([0, 1, 2, 127, 128, 255]))
    assert score(sql, bytes(changed) + struct.pack("<I", crc32c(bytes(changed)))) in {None, *MALFORMED}


@settings(IN_A_TEST, max_examples=150)
@given(
    st.lists(
        st.lists(st.integers(-(2**31), 2**31 - 1) | st.integers(-2, 9), max_size=6), min_size=5, max_size=5
    )
)
def test_arrays_of_anything(sql, arrays):
    parts = [np.array(a, np.int32) if n in (0, 3, 4) else np.array(a, float) for n, a in enumerate(arrays)]
    assert score(sql, pack(MODEL_BAYES, {}, parts)) in {None, *MALFORMED}


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 1e308])
def test_numbers_of_any_size(sql, model, value):
    header, arrays = unpack(model, MODEL_BAYES)
    for n in (1, 2):
        parts = [np.full_like(a, value) if i == n else a for i, a in enumerate(arrays)]
        assert score(sql, pack(MODEL_BAYES, header, parts)) is None


def test_a_model_of_another_method(sql):
    assert score(sql, pack(MODEL_TREE, {}, [np.zeros(1)])) == "42809"


@pytest.mark.parametrize(
    "header",
    [
        {}, [], 1, {"features": 1}, {"features": [{"name": "a"}]},
        {"features": [{"name": 1, "column": "a", "levels": None}]},
        {"features": [{"name": "a", "column": "a", "levels": [1]}]}, {"features": []},
        {"features": [{"name": "a", "column": "a", "levels": None}], "is_vector": 1},
        {"features": [{"name": n, "column": n, "levels": None} for n in "ab"]},
    ],
)  # fmt: skip
def test_headers_of_anything(sql, model, header):
    data = pack(MODEL_BAYES, header, unpack(model, MODEL_BAYES)[1]).hex()
    sql(f"UPDATE m_summary SET model = '\\x{data}'")
    for function in ("nb_predict", "nb_predict_prob"):
        assert sql.fails(f"SELECT madlib.{function}('m', 't', 'p')").sqlstate in ("22P02", "22P03")


def test_sql_in_a_model_is_data(sql, model):
    """A type or an expression that somebody wrote into a model is not run."""
    header, arrays = unpack(model, MODEL_BAYES)
    header["classes"]["type"] = "text; DROP TABLE t"
    data = pack(MODEL_BAYES, header, arrays).hex()
    sql(f"UPDATE m_summary SET model = '\\x{data}'")
    sql("SELECT madlib.nb_create_view('m', 't', 'v')")
    assert sql.value("SELECT count(*) FROM v") == 9
    header["features"][0]["column"] = "pg_sleep(10)"
    data = pack(MODEL_BAYES, header, arrays).hex()
    sql(f"UPDATE m_summary SET model = '\\x{data}'")
    assert sql.fails("SELECT madlib.nb_predict('m', 't', 'p')").sqlstate == "42703"
