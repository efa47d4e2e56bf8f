"""Any name works, in every place that takes one; and any kind of relation is a source."""

import pytest

from tests.call import literal
from tests.regr.call import call

NAMES = [
    "Capital",
    "with space",
    " led and trailed ",
    'quo"ted',
    "apo'strophe",
    "semi;colon",
    "dot.ted",
    "back\\slash",
    "per%cent {x:i} $1",
    "select",
    "größe 大きさ",
    "t" * 63,
    "é" * 31,
]
LINE = "SELECT i::float8 AS a, 1 + 2 * i + sin(i) AS y, i % 2 AS g FROM generate_series(1, 20) AS i"


def written(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


@pytest.fixture
def reference(sql, train):
    """The model of y on a in table t, whose names are plain."""
    sql(f"CREATE TABLE t AS {LINE}")
    return train("a", output="plain", weights="a")


@pytest.mark.parametrize("name", NAMES)
def test_columns(sql, reference, name):
    """As target, feature and weight, and as a feature with a function around it."""
    column = written(name)
    sql(f"CREATE TABLE s AS SELECT a AS {column}, y, g FROM t")
    sql(call(column, "y", "s", weights=column))
    assert sql("SELECT coef, std_err FROM m") == sql("SELECT coef, std_err FROM plain")
    assert sql.value("SELECT feature_names[2] FROM m") == name
    assert sql.value("SELECT feature_names[2] FROM m_summary") == name
    sql(call(f"ARRAY[1, sqrt({column})]", f"2 * {column}", "s", "n"))
    assert sql.value("SELECT feature_names FROM n") == ["1", f"sqrt({column})"]


@pytest.mark.parametrize("name", NAMES)
def test_relations(sql, reference, schema, name):
    """As schema, source table and, cut so that _summary fits in, output table."""
    other, table = written(name), written(name)
    output = written(("m" + name).encode()[:55].decode(errors="ignore"))
    sql(f"CREATE SCHEMA {other}; CREATE TABLE {other}.{table} AS {LINE}")
    try:
        (row,) = sql.rows(call("a", "y", f"{other}.{table}", f"{other}.{output}", weights="a"))
        quoted = sql.value(f"SELECT format('%I.%I', {literal(name)}, {literal(name)})")
        assert row["source_table"] == quoted
        assert sql(f"SELECT coef FROM {row['output_table']}") == sql("SELECT coef FROM plain")
        assert sql.value(f"SELECT output_table FROM {row['summary_table']}") == row["output_table"]
        made = call_predict(row["output_table"], row["source_table"], f"{other}.p")
        assert sql(made)[0][1:] == (20, 0)
        assert len(sql(f"SELECT * FROM madlib.regr_summary({literal(row['output_table'])})")) == 2
    finally:
        sql(f"DROP SCHEMA {other} CASCADE")


def call_predict(model: str, source: str, output: str, features: str = "NULL") -> str:
    names = ", ".join(map(literal, (model, source, output)))
    return f"SELECT * FROM madlib.regr_predict({names}, {features})"


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("robust", [False, True])
def test_groups(sql, reference, name, robust):
    column = written(name)
    sql(f"CREATE TABLE s AS SELECT a, y, g AS {column} FROM t")
    sql(call("a", source="s", grouping_cols=column, robust=robust))
    sql(call("a", output="n", grouping_cols="g", robust=robust))
    same = "SELECT count(*) FROM m JOIN n ON m.{} = n.g AND m.std_err = n.std_err"
    assert sql.value(same.replace("{}", column)) == 2
    assert sql(call_predict("m", "s", "p"))[0][1:] == (20, 0)
    groups = [group[name] for (group,) in sql("SELECT groups FROM madlib.regr_summary('m')")]
    assert groups == [0, 0, 1, 1]


@pytest.mark.parametrize("name", NAMES)
def test_text_columns_and_their_levels(sql, reference, name):
    """A level may be any text as well."""
    column = written(name)
    level = f"CASE g WHEN 0 THEN 'A' ELSE {literal('B' + name)} END"
    sql(f"CREATE TABLE s AS SELECT a, y, {level} AS {column} FROM t")
    sql(call(f"a, {column}", source="s"))
    sql(call("a, g", output="n"))
    assert sql("SELECT coef FROM m") == sql("SELECT coef FROM n")
    assert sql.value("SELECT feature_names[3] FROM m") == f"{name}=B{name}"
    sql(call_predict("m", "s", "p"))
    sql(call_predict("n", "t", "q"))
    assert sql.value("SELECT count(*) FROM p JOIN q USING (a, prediction)") == 20


@pytest.mark.parametrize(
    "source",
    [
        f"CREATE VIEW s AS {LINE}",
        f"CREATE MATERIALIZED VIEW s AS {LINE}",
        f"CREATE TEMP TABLE s AS {LINE}",
        f"CREATE UNLOGGED TABLE s AS {LINE}",
        f"CREATE TABLE s (a float8, y float8, g int) PARTITION BY LIST (g);"
        f" CREATE TABLE s0 PARTITION OF s FOR VALUES IN (0);"
        f" CREATE TABLE s1 PARTITION OF s FOR VALUES IN (1); INSERT INTO s {LINE}",
        f"CREATE TABLE s (a float8, y float8, g int); CREATE TABLE child () INHERITS (s);"
        f" INSERT INTO child {LINE}",
    ],
    ids=["view", "materialized view", "temporary", "unlogged", "partitioned", "inherited"],
)  # fmt: skip
@pytest.mark.parametrize("options", [{}, {"robust": True}, {"grouping_cols": "g"}])
def test_kinds_of_source(sql, reference, source, options):
    sql(source)
    sql(call("a", source="s", **options))
    sql(call("a", output="n", **options))
    figures = "SELECT coef, std_err FROM {} ORDER BY coef"
    assert sql(figures.format("m")) == sql(figures.format("n"))


def test_a_foreign_table(sql, reference, schema, database):
    """One of this very database, through postgres_fdw."""
    if not sql.value("SELECT count(*) FROM pg_available_extensions WHERE name = 'postgres_fdw'"):
        pytest.skip("PostgreSQL has no postgres_fdw here")
    sql("BEGIN")
    sql(
        f"""
        CREATE EXTENSION postgres_fdw SCHEMA {schema};
        CREATE SERVER itself FOREIGN DATA WRAPPER postgres_fdw OPTIONS (dbname '{database.database}',
            host '{database.host}', port '{database.port}');
        CREATE USER MAPPING FOR CURRENT_USER SERVER itself OPTIONS (user '{database.user}');
        CREATE FOREIGN TABLE s (a float8, y float8, g int) SERVER itself
            OPTIONS (schema_name '{schema}', table_name 't');
        """
    )
    sql(call("a", source="s", robust=True, grouping_cols="g"))
    sql(call("a", output="n", robust=True, grouping_cols="g"))
    assert sql("SELECT * FROM m ORDER BY g") == sql("SELECT * FROM n ORDER BY g")
    sql("ROLLBACK")


def test_a_temporary_output(sql, reference, schema):
    (row,) = sql.rows(call("a", output="pg_temp.m"))
    assert (row["output_table"], row["summary_table"]) == ("pg_temp.m", "pg_temp.m_summary")
    assert sql.value("SELECT count(*) FROM pg_temp.m JOIN pg_temp.m_summary ON true") == 1
    assert sql(call_predict("pg_temp.m", "t", "pg_temp.p")) == [("pg_temp.p", 20, 0)]


@pytest.mark.parametrize("path", ["''", "pg_catalog", "no_such_schema"])
def test_an_empty_search_path(sql, reference, schema, path):
    """Everything is found where names say, and what is resolved once is written down whole."""
    sql(f"SET search_path = {path}")
    (row,) = sql.rows(call("a", "y", f"{schema}.t", f"{schema}.m", robust=True, grouping_cols="g"))
    assert (row["source_table"], row["output_table"]) == (f"{schema}.t", f"{schema}.m")
    assert sql(call_predict(f"{schema}.m", f"{schema}.t", f"{schema}.p")) == [(f"{schema}.p", 20, 0)]
    error = sql.fails(call("a", "y", f"{schema}.t", "m"))
    assert error.sqlstate == ("42501" if path == "pg_catalog" else "3F000")


def test_the_search_path_may_hold_other_things(sql, reference, schema):
    """Functions and operators of a user's own, under names that the library uses, change nothing."""
    sql(
        """
        CREATE FUNCTION count(float8) RETURNS bigint LANGUAGE sql AS 'SELECT 0::bigint';
        CREATE FUNCTION array_replace(float8[], float8, int) RETURNS float8[] LANGUAGE sql AS 'SELECT $1';
        CREATE FUNCTION regr_fit(bytea) RETURNS int LANGUAGE sql AS 'SELECT 1';
        CREATE FUNCTION unnest(float8[]) RETURNS SETOF float8 LANGUAGE sql AS 'SELECT 0.0::float8';
        CREATE FUNCTION current_setting(text) RETURNS text LANGUAGE sql AS 'SELECT ''1''';
        CREATE TABLE pg_class (relname text); CREATE TABLE pg_attribute (); CREATE TYPE float8 AS (a int);
        """
    )
    sql(f"SET search_path = {schema}, pg_catalog")
    sql(call("a", weights="a"))
    assert sql("SELECT coef, std_err, r2 FROM m") == sql("SELECT coef, std_err, r2 FROM plain")
    sql(call("a", output="n", grouping_cols="g", robust=True))
    assert sql(call_predict("n", "t", "p"))[0][1:] == (20, 0)


def test_without_standard_conforming_strings(sql, reference):
    sql("SET standard_conforming_strings = off; SET escape_string_warning = off; SET backslash_quote = off")
    sql(r"""CREATE TABLE "back\slash" AS SELECT a AS "c\d", y, g FROM t""")
    sql(r"""SELECT madlib.regr_train('"back\\slash"', '"m\\n"', 'y', '"c\\d"', weights => '"c\\d"')""")
    assert sql(r'SELECT coef FROM "m\n"') == sql("SELECT coef FROM plain")
    assert sql.value(r'SELECT source_table FROM "m\n_summary"').endswith(r'."back\slash"')


def test_a_name_that_would_be_cut_off(refuses, reference):
    error = refuses("a", output="m" * 56)
    assert error.sqlstate == "42622"
    assert error.hint == "Choose a name of at most 55 bytes."
