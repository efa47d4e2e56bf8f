"""Tables exported and imported: the same rows, types and predictions; altered bytes are refused."""

import os
from contextlib import closing
from dataclasses import replace

import numpy as np
import pytest

from madpy.modules.projects.layout import MODEL_TABLE
from madpy.ports.postgres.model import pack, unpack
from tests.projects.kept import quoted
from tests.session import Session

TRAININGS = {
    "regr": "'target', 'age, bmi, word', 'sex'",
    "logregr": "'target > 140', 'age, bmi, word'",
    "glm": "'target', 'age, bmi', family => 'poisson'",
    "nb": "'word', 'age, bmi, flag', 'day'",
    "dtree": "'word', 'age, bmi, flag', 'sex', weights => 'bp'",
    "kmeans": "'age, bmi', 3",
    "sk": "'target', 'age, bmi, word', 'random_forest', '{\"n_estimators\": 5}', 'sex'",
}


@pytest.fixture
def patients(sql):
    """Table d: 442 patients, with words that need quotes, a flag and a day."""
    fill(sql)


def fill(sql):
    sql("SELECT madlib.load_dataset('diabetes', 'd')")
    sql("ALTER TABLE d ADD word text, ADD flag boolean, ADD day timestamptz")
    sql("UPDATE d SET word = (ARRAY[E'a''\\\\', '{\"b\",NULL}', 'NULL'])[1 + age % 3], flag = age > 50,"
        " day = CASE WHEN sex = 1 THEN timestamptz '2020-01-01 12:00:00.123456+02' END")  # fmt: skip


def literal(data):
    return f"'\\x{data.hex()}'::bytea"


def exported(sql, method="regr"):
    sql(f"SELECT madlib.{method}_train('d', 'm', {TRAININGS[method]})")
    return bytes(sql.value("SELECT pgml.export_model('m')"))


def columns(sql, table):
    return sql(
        "SELECT attname, format_type(atttypid, -1) FROM pg_attribute"
        f" WHERE attrelid = '{table}'::regclass AND attnum > 0 ORDER BY attnum"
    )


@pytest.mark.parametrize("method", TRAININGS)
def test_tables_come_back_with_their_rows_types_and_predictions(sql, patients, method):
    sql("SET IntervalStyle = 'sql_standard'; SET DateStyle = 'SQL, DMY'; SET bytea_output = 'escape'")
    data = exported(sql, method)
    sql("SET TimeZone = 'Asia/Tokyo'; SET extra_float_digits = 0; SET IntervalStyle = 'iso_8601'")
    assert sql.value(f"SELECT pgml.import_model('n', {literal(data)})") is None
    for before, after in (("m", "n"), ("m_summary", "n_summary")):
        assert columns(sql, before) == columns(sql, after)
        own = "to_jsonb(t) - 'output_table' - 'summary_table'"
        rows = [sql(f"SELECT ({own})::text FROM {name} AS t ORDER BY 1") for name in (before, after)]
        assert rows[0] == rows[1] and rows[0]
    for name in ("m", "n"):
        sql(f"SELECT madlib.{method}_predict('{name}', 'd', 'p_{name}')")
    assert sql("(TABLE p_m EXCEPT ALL TABLE p_n) UNION ALL (TABLE p_n EXCEPT ALL TABLE p_m)") == []
    names = sql("SELECT output_table, summary_table FROM n_summary LIMIT 1")[0]
    assert [name.split(".")[1] for name in names] == ["n", "n_summary"]
    again = bytes(sql.value("SELECT pgml.export_model('n')"))
    assert len(again) == len(data)


def test_into_another_database(sql, patients, database):
    data = exported(sql, "dtree")
    sql("SELECT madlib.dtree_predict('m', 'd', 'p')")
    wanted = sql("SELECT p::text FROM p ORDER BY 1")
    other = replace(database, database=f"madpy_test_{os.getpid()}_other")
    sql(f"CREATE DATABASE {other.database}")
    with closing(other.connect()) as connection:
        there = Session(connection)
        there("CREATE EXTENSION madpy CASCADE")
        fill(there)
        there(f"SELECT pgml.import_model('trees', {literal(data)})")
        there("SELECT madlib.dtree_predict('trees', 'd', 'p')")
        assert there("SELECT p::text FROM p ORDER BY 1") == wanted
        assert len(there("SELECT * FROM pgml.importance('trees')")) == 3
    sql(f"DROP DATABASE {other.database}")


def test_a_project_by_its_name_is_its_deployed_model(sql, patients):
    sql("SELECT status FROM pgml.train('Exported', 'regression', 'd', 'target', 'ridge')")
    number = sql.value("SELECT id FROM pgml.deployed_models WHERE project = 'Exported'")
    assert sql(f"SELECT pgml.export_model('Exported') = pgml.export_model({number})") == [(True,)]
    assert sql(f"SELECT pgml.model_sql('Exported') = pgml.model_sql({number})") == [(True,)]
    sql("SELECT pgml.drop_project('Exported')")


def fails(sql, data, name="n"):
    failure = sql.fails(f"SELECT pgml.import_model({quoted(name)}, {literal(data)})")
    assert sql("SELECT to_regclass('n'), to_regclass('n_summary')") == [(None, None)]
    return failure.sqlstate


def test_altered_bytes_are_refused(sql, patients):
    data = exported(sql)
    rng = np.random.default_rng(0)
    for place in [*range(24), *rng.integers(0, len(data), 60).tolist()]:
        altered = bytearray(data)
        altered[place] ^= 1 << int(rng.integers(0, 8))
        assert fails(sql, bytes(altered)) == "22P03"
    for length in (0, 1, 23, 24, len(data) - 1):
        assert fails(sql, data[:length]) == "22P03"


def test_a_right_checksum_does_not_help_wrong_tables(sql, patients):
    """Types that users have made, names and sizes that do not fit, values that are none of their type."""
    header, arrays = unpack(exported(sql), MODEL_TABLE)
    table = header["tables"][0]
    tables = [
        table | {"types": ["pg_temp.evil", *table["types"][1:]]},
        table | {"types": ["integer DEFAULT evil()", *table["types"][1:]]},
        table | {"types": table["types"][1:]},
        table | {"names": ["", *table["names"][1:]]},
        table | {"names": [5, *table["names"][1:]]},
        table | {"names": ["same"] * len(table["names"])},
        table | {"rows": table["rows"] + 1},
        table | {"rows": -1},
        table | {"rows": 10**30},
        table | {"rows": True},
        {},
    ]
    for one in tables:
        assert (
            fails(sql, pack(MODEL_TABLE, header | {"tables": [one, header["tables"][1]]}, arrays)) == "22P03"
        )
    for changed in ({"tables": [table]}, {"tables": 5}, {"method": 5}):
        assert fails(sql, pack(MODEL_TABLE, header | changed, arrays)) == "22P03"
    assert fails(sql, pack(MODEL_TABLE, header | {"method": "os"}, arrays)) == "42809"
    ends, texts, nulls = arrays
    wrong = [
        [ends[:-1], texts, nulls], [ends, texts[:-1], nulls], [ends[::-1], texts, nulls], [ends, texts],
        [ends - 5, texts, nulls], [ends.astype(float), texts, nulls], [ends, np.full_like(texts, -1), nulls],
    ]  # fmt: skip
    for one in wrong:
        assert fails(sql, pack(MODEL_TABLE, header, one)) == "22P03"
    assert fails(sql, pack(MODEL_TABLE, header, [ends, texts, np.ones_like(nulls)])) in ("42809", "22P02")
    assert fails(sql, pack(MODEL_TABLE, header, [ends, np.full_like(texts, 0x20202020), nulls])) == "22P02"


def test_names_and_rights(sql, patients, schema, role):
    data = exported(sql)
    assert fails(sql, data, "elsewhere.n") == "3F000"
    assert fails(sql, data, "pg_catalog.n") == "42501"
    assert sql.fails(f"SELECT pgml.import_model('m', {literal(data)})").sqlstate == "42P07"
    hostile = '"a"");drop table d;--"'
    sql(f"SELECT pgml.import_model({quoted(hostile)}, {literal(data)})")
    assert sql(f"SELECT count(*) FROM {hostile}") == sql("SELECT count(*) FROM m")
    sql("CREATE TYPE mood AS ENUM ('a', 'b'); ALTER TABLE d ADD mood mood; UPDATE d SET mood = 'a'")
    sql("SELECT madlib.regr_train('d', 'e', 'target', 'age', 'mood')")
    assert sql.fails("SELECT pgml.export_model('e')").message == (
        'pgml.export_model: column "mood" of table "e" is of type mood, which is not exported'
    )
    sql(f"GRANT USAGE ON SCHEMA {schema} TO {role}; SET ROLE {role}")
    assert sql.fails("SELECT pgml.export_model('m')").sqlstate == "42501"
    assert fails(sql, data) == "42501"
