"""Models that export_model cannot write in ONNX, and models that somebody has altered."""

import re

import numpy as np
import pg
import pytest

from madpy.errors import MadpyError
from madpy.modules.projects.models.fitted import NUMBERS, OWN, read_model
from madpy.modules.projects.models.graphs import distances, export, trees
from madpy.modules.sk.layout import MODEL_SK
from madpy.ports.postgres.model import pack, unpack
from tests.projects.kept import keep
from tests.projects.runtime import compare, imported
from tests.sk.models import small_models


def test_a_level_that_stands_for_null_is_refused(sql):
    words = r"(ARRAY['a', E'\\N'])[i % 2 + 1]"
    sql(f"CREATE TABLE w AS SELECT i AS y, {words} AS w FROM generate_series(1, 9) AS i")
    model = keep(sql, "w", "y", "w", "ridge")
    failure = sql.fails(f"SELECT pgml.export_model({model}, 'onnx')")
    assert failure.sqlstate == "0A000"
    assert failure.message == (
        r'pgml.export_model: feature "w" has the value \N, which stands for NULL in ONNX'
    )


def test_without_the_package_the_error_says_what_to_install(connect):
    sql = connect()
    sql("BEGIN")
    model = imported(sql, small_models()["linear regression"])
    assert bytes(sql.value(f"SELECT pgml.export_model({model})"))[:4] == b"MADM"
    sql("DO $$ import sys; sys.modules['onnx'] = None $$ LANGUAGE plpython3u")
    failure = sql.fails(f"SELECT pgml.export_model({model}, 'onnx')")
    assert failure.sqlstate == "0A000"
    assert failure.message.startswith("pgml.export_model: the Python of the server cannot import onnx: ")
    assert failure.hint == (
        "Install the extra madpy[onnx] into the Python of madpy.python_path, and connect again."
    )


def test_other_arguments(sql):
    failure = sql.fails("SELECT pgml.export_model(1, 'pickle')")
    assert (failure.message, failure.hint) == (
        'pgml.export_model: format: unknown value "pickle"',
        "Known are: madpy, onnx.",
    )
    assert sql.fails("SELECT pgml.export_model(1, NULL)").sqlstate == "22004"
    assert sql.fails("SELECT pgml.export_model(987654321, 'onnx')").sqlstate == "42704"


@pytest.mark.parametrize(
    ("module", "limit", "name", "message"),
    [
        (
            trees, "MOST_NODES", "random_forest regression",
            "the trees of the model have {} nodes, more than 9",
        ),
        (
            distances, "MOST_COEFFICIENTS", "svm classification 3",
            "the model has {} rows and 3 pairs of classes, too many for a matrix",
        ),
        (export, "MOST_BYTES", "linear regression", "the model is larger in ONNX than a value can be"),
    ],
)  # fmt: skip
def test_limits(monkeypatch, module, limit, name, message):
    monkeypatch.setattr(module, limit, 9)
    with pytest.raises(MadpyError) as failure:
        export.onnx_model(read_model(small_models()[name]), name)
    counted = re.sub(r"[0-9]+", "{}", failure.value.message, count=1)
    assert (counted, failure.value.sqlstate) == (message, "54000")


@pytest.mark.parametrize("name", small_models())
def test_altered_models_are_written_or_refused(sql, name):
    """Numbers may have any value: what the scorer in C accepts is written, or refused for a reason."""
    header, arrays = unpack(small_models()[name], MODEL_SK)
    for place in range(OWN - 3, len(arrays)):
        for value in (np.nan, -7, 0, 1, 3):
            if arrays[place].dtype.kind == "i" and np.isnan(value):
                continue
            altered = arrays[place].copy()
            altered[len(altered) // 2 :] = value
            data = pack(MODEL_SK, header, [altered if n == place else one for n, one in enumerate(arrays)])
            sql("BEGIN")
            try:
                assert bytes(sql.value(f"SELECT pgml.export_model({imported(sql, data)}, 'onnx')"))
            except pg.DatabaseError as error:
                assert error.sqlstate in ("22P03", "0A000", "22003"), (place, value)
            finally:
                sql("ROLLBACK")


def test_a_filling_that_is_nan_fills_nothing(sql):
    """A training makes none; the scorer in C has no prediction then, and neither have ONNX and model_sql."""
    header, arrays = unpack(small_models()["linear regression"], MODEL_SK)
    numbers = arrays[NUMBERS].copy()
    numbers[0] = np.nan
    sql("BEGIN")
    altered = [numbers if n == NUMBERS else one for n, one in enumerate(arrays)]
    model = imported(sql, pack(MODEL_SK, header, altered))
    outputs = compare(sql, model, [(None, 1.0, "v0"), (0.5, 1.0, "v0")])
    assert np.isnan(outputs["prediction"]).ravel().tolist() == [True, False]
    sql(sql.value(f"SELECT pgml.model_sql({model}, 'written')"))
    assert sql("SELECT written(NULL, 1, 'v0') IS NULL, written(0.5, 1, 'v0') IS NULL") == [(True, False)]
    sql("ROLLBACK")
