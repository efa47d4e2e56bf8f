"""Lines of templates that stand for more: what they become is SQL that other tests run."""

from madpy import config
from madpy.install.expand import expanded
from madpy.install.render import render
from madpy.install.statements import created_names

KERNEL = """\
MADLIB_KERNEL meat(y real, x double precision[]) IS
    'sums; a ''meat''';
"""


def test_a_kernel_is_its_aggregates_and_their_functions() -> None:
    sql = expanded(KERNEL, "")
    support = ["__meat_accum", "__meat_columns_accum", "__meat_combine", "__meat_state"]
    names = sorted([*support, "__meat_columns", "meat_merge", "meat_state"])
    assert created_names(sql) == [f"MADLIB_SCHEMA.{name}" for name in names]
    assert '__meat_columns(y real, VARIADIC x "any") (' in sql
    assert "AGGREGATE MADLIB_SCHEMA.meat_state(real, double precision[]) IS 'sums; a ''meat''';" in sql


def test_a_driver_calls_what_it_names() -> None:
    sql = expanded("LANGUAGE plpython3u AS MADLIB_DRIVER(regr.train);\n", "regr_")
    assert "return SD['run'](plpy, 'MADLIB_SCHEMA', 'regr.train', args, 'regr_')\n$$;" in sql


def test_a_prediction_is_a_driver_over_tables() -> None:
    sql = expanded("MADLIB_PREDICTION regr.predict(its columns) IS\n    'a ''model''';\n", "regr_")
    assert "FUNCTION MADLIB_SCHEMA.regr_predict(\n    model_table  text, " in sql
    assert "    output_table text,                -- created: its columns\n" in sql
    assert ") RETURNS MADLIB_SCHEMA.predictions\n" in sql
    assert "'regr.predict.predict', args, 'regr_')" in sql
    assert sql.endswith("regr_predict(text, text, text, text) IS\n    'a ''model''';\n")


def test_a_prediction_may_be_a_view() -> None:
    sql = expanded("MADLIB_PREDICTION nb.create_view(its columns) IS 'a view';\n", "nb_")
    assert "    view_name    text,                -- created: its columns\n" in sql
    assert ") RETURNS text\n" in sql


def test_nothing_is_left_to_write_out() -> None:
    assert "MADLIB_" not in render(config.load(), "extension")
