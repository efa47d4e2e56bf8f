"""Grouping columns with the names that the drivers' own statements use."""

import pytest

from tests.regr.call import call

NAMES = [
    *("n", "t", "s", "m", "the fit", "numbers of a row"),
    *("kernel state", "kernel state_", "kernel group", "kernel params", "kernel argument 0"),
]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("memory", ["256MB", "0"])
def test_names_that_the_statements_have_too(sql, name, memory):
    sql(f"SET madpy.store_memory = '{memory}'")
    sql(f'CREATE TABLE t AS SELECT i::float8 AS a, cos(i) AS y, i % 2 AS "{name}", i % 2 AS g'
        " FROM generate_series(1, 40) AS i")  # fmt: skip
    sql(call("a", grouping_cols=f'"{name}"', robust=True, heteroskedasticity_option=True))
    sql(call("a", output="plain", grouping_cols="g", robust=True, heteroskedasticity_option=True))
    assert sql("TABLE m EXCEPT TABLE plain") == []
    terms = "SELECT term, estimate FROM madlib.regr_summary('{}')"
    assert sql(terms.format("m")) == sql(terms.format("plain"))
    sql("SELECT madlib.regr_predict('m', 't', 'p')")
    sql("SELECT madlib.regr_predict('plain', 't', 'q')")
    assert sql("TABLE p EXCEPT TABLE q") == []


def test_a_type_without_an_order(sql):
    sql("CREATE TABLE t AS SELECT i::float8 AS a, cos(i) AS y, (i % 2)::text::xid AS g"
        " FROM generate_series(1, 20) AS i")  # fmt: skip
    sql(call("a", grouping_cols="g"))
    assert sql.value("SELECT count(*) FROM madlib.regr_summary('m')") == 4
