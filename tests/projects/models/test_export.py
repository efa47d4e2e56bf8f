"""Models exported and imported: equal bytes and predictions, and every altered byte refused."""

import numpy as np
import pytest

from madpy.modules.sk.layout import MODEL_SK
from madpy.ports.postgres.model import pack, unpack
from tests.projects.kept import keep
from tests.sk.models import small_models


@pytest.fixture
def diabetes(sql):
    sql("BEGIN")
    sql("SELECT madlib.load_dataset('diabetes', 'd')")
    yield
    sql("ROLLBACK")


def literal(data):
    return f"'\\x{data.hex()}'::bytea"


def import_model(sql, data, project="Imported"):
    return sql.value(f"SELECT pgml.import_model('{project}', {literal(data)})")


def test_a_model_leaves_and_comes_back(sql, diabetes):
    model = keep(sql, "d", "target", "age, bmi", "ridge", hyperparams='{"alpha": 2}')
    data = bytes(sql.value(f"SELECT pgml.export_model({model})"))
    assert data == bytes(sql.value(f"SELECT model FROM pgml.models WHERE id = {model}"))
    made = import_model(sql, data)
    (row,) = sql.rows(f"SELECT * FROM pgml.models WHERE id = {made}")
    assert bytes(row["model"]) == data
    assert (row["algorithm"], row["hyperparams"], row["seed"]) == ("ridge", {"alpha": 2}, 0)
    assert sql(f"SELECT task, deployed_model FROM pgml.projects WHERE id = {row['project_id']}") == [
        ("regression", None)
    ]
    equal = f"pgml.predict({made}::bigint, d) = pgml.predict({model}::bigint, d)"
    assert sql(f"SELECT DISTINCT {equal} FROM d") == [(True,)]
    (snapshot,) = sql.rows(f"SELECT * FROM pgml.snapshots WHERE id = {row['snapshot_id']}")
    assert (snapshot["test_sampling"], [one["name"] for one in snapshot["features"]]) == (
        "imported",
        ["age", "bmi"],
    )
    sql(f"SELECT pgml.__write('deploy', {made}::bigint, 'specific'::text, 'a test'::text)")
    assert (
        sql.value("SELECT count(*) FROM pgml.evaluate('Imported', 'd', 'target') WHERE part = 'metric'") == 7
    )


def test_an_import_has_no_rows_of_a_training(sql, diabetes):
    made = import_model(sql, a_model())
    for call in ("evaluate({})", "evaluate({}, 'd')", "reproduce({})", "importance({}, 'permutation')"):
        sql("SAVEPOINT s")
        failure = sql.fails(f"SELECT * FROM pgml.{call.format(made)}")
        sql("ROLLBACK TO s")
        assert "not known" in failure.message or "y_column_name must not be NULL" in failure.message


def a_model():
    return next(data for name, data in small_models().items() if " regression" in name)


@pytest.mark.parametrize("name", small_models())
def test_every_kind_of_model(sql, name):
    data = small_models()[name]
    sql("BEGIN")
    made = import_model(sql, data, name)
    assert bytes(sql.value(f"SELECT pgml.export_model({made})")) == data
    sql("ROLLBACK")


def test_altered_bytes_are_refused(sql):
    data = a_model()
    rng = np.random.default_rng(0)
    for place in [*range(24), *rng.integers(0, len(data), 60).tolist()]:
        altered = bytearray(data)
        altered[place] ^= 1 << int(rng.integers(0, 8))
        assert (
            sql.fails(f"SELECT pgml.import_model('Altered', {literal(bytes(altered))})").sqlstate == "22P03"
        )
    for length in (0, 1, 23, 24, len(data) - 1):
        assert sql.fails(f"SELECT pgml.import_model('Altered', {literal(data[:length])})").sqlstate == "22P03"
    assert sql("SELECT count(*) FROM pgml.projects WHERE name = 'Altered'") == [(0,)]


def test_a_right_checksum_does_not_help_wrong_arrays(sql):
    header, arrays = unpack(a_model(), MODEL_SK)
    for place in range(len(arrays)):
        for changed in (arrays[place][:-1], np.full_like(arrays[place], -7)):
            made = pack(MODEL_SK, header, [changed if n == place else one for n, one in enumerate(arrays)])
            if made == a_model():
                continue
            try:
                sql("BEGIN")
                result = sql.fails(f"SELECT pgml.import_model('Altered', {literal(made)})")
                assert result.sqlstate in ("22P03", "22021"), (place, result)
            except AssertionError as error:
                if "did not fail" not in str(error):
                    raise  # numbers may have any value: another model, and no damage
                assert arrays[place].dtype.kind == "f" and len(changed) == len(arrays[place])
            finally:
                sql("ROLLBACK")


def test_a_hostile_header_is_only_text(sql):
    _, arrays = unpack(a_model(), MODEL_SK)
    header = {
        "algorithm": "x'); DROP TABLE pgml.__models; --",
        "hyperparams": {"path": "/etc/passwd", "nul": "\0"},
        "preprocess": 5,
        "seed": -1,
        "madpy_version": ["a"],
        "classes": "none",
        "features": "none",
    }
    sql("BEGIN")
    made = import_model(sql, pack(MODEL_SK, header, arrays))
    (row,) = sql.rows(f"SELECT * FROM pgml.models WHERE id = {made}")
    assert row["algorithm"] == header["algorithm"]
    assert (row["hyperparams"], row["preprocess"], row["seed"]) == ({}, {}, 0)
    assert row["libraries"]["madpy"] == "unknown"
    sql("ROLLBACK")


def test_other_errors(sql):
    sql("BEGIN")
    import_model(sql, a_model(), "R")
    sql("SAVEPOINT s")
    other = next(data for name, data in small_models().items() if " classification" in name)
    assert sql.fails(f"SELECT pgml.import_model('R', {literal(other)})").message == (
        'pgml.import_model: project "R" is for regression, and the model for classification'
    )
    sql("ROLLBACK TO s")
    assert sql.fails("SELECT pgml.export_model(987654321)").sqlstate == "42704"
    sql("ROLLBACK")
    assert sql.fails("SELECT pgml.import_model(NULL, '')").sqlstate == "22004"
