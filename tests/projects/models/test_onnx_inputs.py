"""Inputs of models in ONNX: names and arrays, and the ways to get such a model."""

import re
from pathlib import Path

import numpy as np

from tests.projects.kept import keep
from tests.projects.runtime import Runtime, equal, export, scored
from tests.sk.scoring import close

ROOT = Path(__file__).resolve().parents[3]


def test_an_array_is_one_input(sql, waves):
    """The elements are one input, with as many numbers for each row."""
    sql('CREATE TABLE v AS SELECT ARRAY[a, b, a * b] AS v, b AS "v[3]", c, y FROM t')
    model = keep(sql, "v", "y", "v", "ridge")
    runtime = export(sql, model)
    assert runtime.inputs == [("v", ["rows", 3], "tensor(double)")]
    given = [row for (row,) in sql("SELECT v FROM v")] + [[1.0, None, 2.0]]
    expected = sql(f"SELECT madlib.sk_predict_all(m.model, v) FROM v, pgml.models AS m WHERE m.id = {model}")
    equal(runtime([(row,) for row in given])["prediction"], [*(one for (one,) in expected), None])


NAMES = ["label", "prediction", "v1", "v2", 'a "quoted" name', "ä; DROP TABLE h", "x[1]", "x[2]", "X"]


def test_names_of_columns_are_names_of_inputs(sql, schema):
    """Whatever they are: an output whose name is taken has a number behind it."""
    listed = ", ".join('"' + name.replace('"', '""') + '"' for name in NAMES)
    numbers = ", ".join(f"sin(i * {n} + 1)" for n in range(2, 2 + len(NAMES)))
    sql(f"CREATE TABLE n (y, {listed}) AS SELECT 'c' || i % 2, {numbers} FROM generate_series(1, 40) AS i")
    model = keep(sql, "n", "y", listed, "lda", "classification")
    runtime = export(sql, model)
    assert [name for name, *_ in runtime.inputs] == [*NAMES[:6], "x", "X"]
    assert runtime.outputs == ["label_2", "probabilities"]
    rows = sql(f"SELECT {listed} FROM n")
    given = [[*row[:6], row[6:8], row[8]] for row in rows]
    labels = scored(sql, model, rows, "madlib.sk_predict_class(m.model, features)")
    assert runtime(given)["label_2"].tolist() == labels
    assert len(set(labels)) == 2


def test_a_model_of_sk_train(sql, waves):
    """A model of a table is imported into a project first."""
    sql("SELECT madlib.sk_train('t', 'm', 'y', 'a, b', 'ridge')")
    sql("BEGIN")
    (data,) = sql("SELECT pgml.export_model(pgml.import_model('Waves', model), 'onnx') FROM m")[0]
    sql("ROLLBACK")
    expected = sql("SELECT madlib.sk_predict_all(model, a, b) FROM t, m")
    equal(Runtime(data)(sql("SELECT a, b FROM t"))["prediction"], [row for (row,) in expected])


def test_the_example_of_the_manual(sql, tmp_path, monkeypatch):
    """The Python runs beside the file that its shell command writes."""
    sql("SELECT madlib.load_dataset('diabetes', 'patients')")
    model = keep(sql, "patients", "target", "age, sex, bmi, bp, s1, s2, s3, s4, s5, s6", "ridge")
    manual = (ROOT / "modules/projects/README.md").read_text()
    (program,) = re.findall(r"```python\n(.*?)```", manual, re.DOTALL)
    (tmp_path / "patients.onnx").write_bytes(sql.value(f"SELECT pgml.export_model({model}, 'onnx')"))
    monkeypatch.chdir(tmp_path)
    values = {}
    exec(program, values)
    expected = sql.value(
        f"SELECT pgml.predict({model}::bigint, p) FROM patients AS p WHERE age = 59 AND bmi = 32.1"
    )
    close(values["prediction"], np.array([[expected]]))
