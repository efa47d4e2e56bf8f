"""A search_path with pg_catalog behind a schema of others, whose operators, functions and types win there."""

import pytest

from tests.drivers.drivers import DRIVERS, USES
from tests.session import Session

OPERANDS = [
    "text", "name", "oid", "boolean", "int", "bigint", "smallint", "float8", "numeric", '"char"', "tid",
    "bytea",
]  # fmt: skip
OPERATORS = ["=", "<>", "<", ">", "<=", ">=", "~", "||", "+", "-", "*", "/"]
TRAP = "LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'run as %', current_user; END $$"


@pytest.fixture
def hostile(sql: Session, schema: str) -> str:
    """The path: operators, a function and types of another schema come first."""
    sql(
        """
        CREATE TABLE t AS
        SELECT i AS id, sin(i) AS a, cos(i * 1.7) AS b, i % 3 AS g, ('k' || i % 3)::varchar AS c,
               sin(i) + cos(i * 3.1) AS y, cos(i * 5) > 0 AS yes
        FROM generate_series(1, 60) AS i
        """
    )
    sql(f"CREATE SCHEMA hostile_{schema}")
    sql(f"SET search_path = hostile_{schema}, public")
    for operand in OPERANDS:
        sql(f"CREATE FUNCTION trap({operand}, {operand}) RETURNS {operand} {TRAP}")
        sql(f"CREATE FUNCTION trap_bool({operand}, {operand}) RETURNS boolean {TRAP}")
        for operator in OPERATORS:
            trap = "trap" if operator in "+-*/||" else "trap_bool"
            sql(f"CREATE OPERATOR {operator} (leftarg = {operand}, rightarg = {operand}, function = {trap})")
    sql(f"CREATE FUNCTION unnest(text[]) RETURNS SETOF text {TRAP}")
    sql(f"CREATE FUNCTION trap(pg_catalog.text) RETURNS boolean {TRAP}")
    for name in ("text", "name", "jsonb", "regclass", "regtype"):
        sql(f"CREATE DOMAIN {name} AS pg_catalog.{name} CHECK (trap(VALUE::pg_catalog.text))")
    path = f"hostile_{schema}, {schema}, pg_catalog"
    sql(f"SET search_path = {path}")
    assert sql.fails("SELECT 'a'::text").message.startswith("run as")
    assert sql.fails("SELECT 1 + 1").message.startswith("run as")
    return path


@pytest.mark.parametrize("memory", [0, 100000])
def test_every_driver(sql: Session, hostile: str, schema: str, memory: int) -> None:
    """They give what they give under a plain path, and leave the path as it was."""
    sql(f"SET madpy.store_memory = {memory}")
    calls = [
        (name, f"{name}_{grouped}", {"features": "a, b, c", **({"grouping_cols": "g"} if grouped else {})})
        for name, driver in DRIVERS.items() if "correlation" != name != "covariance"
        for grouped in range(1 + driver.has_groups)
    ] + [(name, f"{name}_{n}", {"grouping_cols": "c"} if n else {}) for name in ("correlation", "covariance")
         for n in (0, 1)]  # fmt: skip
    for name, output, options in calls:
        sql(DRIVERS[name].call("t", f"{schema}.{output}", **options))
        assert sql("SHOW search_path") == [(hostile,)]
        for function, (training, more) in USES.items():
            if training == name:
                arguments = f", '{schema}.t', '{schema}.p'" if more else ""
                sql(f"SELECT madlib.{function}('{schema}.{output}'{arguments})")
                sql(f"DROP {'VIEW' if function.endswith('view') else 'TABLE'} IF EXISTS {schema}.p")
    sql("SET search_path = public")
    for name, output, options in calls:
        sql(DRIVERS[name].call(f"{schema}.t", f"{schema}.q", **options))
        count = "SELECT pg_catalog.count(*) FROM {}"
        assert sql(count.format(f"{schema}.q")) == sql(count.format(f"{schema}.{output}"))
        sql(f"DROP TABLE {schema}.q, {schema}.q_summary")


def test_expressions_are_read_as_their_writer_reads_them(sql: Session, schema: str) -> None:
    """An operator and a function of the caller's win in what he wrote, also in a subquery."""
    sql(f"CREATE SCHEMA own_{schema}; CREATE TABLE t AS SELECT i::float8 AS a, 2.0::float8 * i AS y"
        " FROM generate_series(1, 9) AS i")  # fmt: skip
    sql(f"CREATE FUNCTION own_{schema}.abs(float8) RETURNS float8 LANGUAGE sql AS 'SELECT 10 * $1'")
    sql(f"CREATE FUNCTION own_{schema}.less(float8, float8) RETURNS float8 LANGUAGE sql AS 'SELECT $1 * $1'")
    sql(f"CREATE OPERATOR own_{schema}.- (leftarg = float8, rightarg = float8, function = own_{schema}.less)")
    for path, expected in (
        (f"own_{schema}, {schema}, pg_catalog", [5.0, 50.0, 855.0 / 27, 5.0]),
        (f"own_{schema}, {schema}", [5.0, 5.0, 4.0, 5.0]),
    ):
        sql(f"SET search_path = {path}")
        sql(f"DROP TABLE IF EXISTS {schema}.m, {schema}.m_summary")
        features = "a, abs(a), a - 1::float8, (SELECT t.a FROM t AS u LIMIT 1)"
        (row,) = sql.rows(f"SELECT * FROM madlib.covariance('t', '{schema}.m', '{features}')")
        assert row["feature_names"][:2] == ["a", "abs(a)"]
        assert row["mean_vector"] == pytest.approx(expected)


def test_a_time_in_an_expression_is_the_same_time(sql: Session) -> None:
    """IST would be read as Israel's."""
    sql("CREATE TABLE t AS SELECT 1 AS a")
    sql("SET timezone = 'Asia/Kolkata'")
    sql("SET datestyle = 'German'")
    written = "timestamptz '2020-01-01 00:00Z'"
    resolved = sql.value(f"SELECT madlib.__resolve($${written}$$, 't', 'public')")
    assert sql.value(f"SELECT {resolved} = {written}")


def test_a_function_with_its_owners_rights(sql: Session, hostile: str, schema: str) -> None:
    sql(f"SET search_path = {schema}")
    sql(
        f"CREATE FUNCTION train() RETURNS text LANGUAGE sql SECURITY DEFINER SET search_path = {hostile} AS"
        f" $$ SELECT output_table FROM madlib.regr_train('{schema}.t', '{schema}.m', 'y', 'a, c', 'g') $$"
    )
    assert sql("SELECT train()") == [(f"{schema}.m",)]


def test_a_temporary_type_of_a_name_that_is_used(sql: Session, hostile: str, schema: str) -> None:
    sql(f"SET search_path = {schema}; CREATE DOMAIN pg_temp.text AS pg_catalog.text")
    error = sql.fails(DRIVERS["regr_train"].call())
    assert (error.sqlstate, error.message) == (
        "42710",
        'regr_train: the temporary table or type "text" hides the server\'s own type of that name',
    )
    assert error.hint == "Drop or rename it."
