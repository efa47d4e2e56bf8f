"""A model is read from tables only: a view or a policy would run its owner's functions as the predictor."""

import pytest

from tests.drivers.drivers import DRIVERS, USES
from tests.session import Session

REPLACED = {
    "a view": "CREATE VIEW {name} AS SELECT k.* FROM kept AS k WHERE spy()",
    "a materialized view": "CREATE MATERIALIZED VIEW {name} AS SELECT * FROM kept",
    "a foreign table": "CREATE FOREIGN TABLE {name} ({columns}) SERVER nowhere",
    "a table with a policy": """
        CREATE TABLE {name} AS TABLE kept; ALTER TABLE {name} ENABLE ROW LEVEL SECURITY;
        CREATE POLICY p ON {name} USING (spy())
        """,
}
COLUMNS = """
    SELECT string_agg(quote_ident(attname) || ' ' || format_type(atttypid, atttypmod), ', ' ORDER BY attnum)
    FROM pg_attribute WHERE attrelid = 'kept'::regclass AND attnum > 0
"""


@pytest.fixture
def data(sql: Session, role: str, schema: str) -> None:
    """A table, a function that tells of being run, and somebody without further rights."""
    sql(
        f"""
        CREATE TABLE t AS
        SELECT sin(i) AS a, cos(i * 1.7) AS b, sin(i) + cos(i * 3.1) AS y, cos(i * 5) > 0 AS yes
        FROM generate_series(1, 60) AS i;
        CREATE FUNCTION spy() RETURNS boolean LANGUAGE plpgsql AS
        $$ BEGIN RAISE EXCEPTION 'run as %', current_user; END $$;
        CREATE EXTENSION postgres_fdw WITH SCHEMA {schema};
        CREATE SERVER nowhere FOREIGN DATA WRAPPER postgres_fdw;
        GRANT USAGE, CREATE ON SCHEMA {schema} TO {role}
        """
    )


@pytest.mark.parametrize("table", ["m", "m_summary"])
@pytest.mark.parametrize("replaced", REPLACED.values(), ids=REPLACED.keys())
@pytest.mark.parametrize("function", USES)
def test_nothing_of_the_owner_is_run(
    sql: Session, data: None, role: str, schema: str, function: str, replaced: str, table: str
) -> None:
    trained, arguments = USES[function]
    sql(DRIVERS[trained].call())
    sql(f"ALTER TABLE {table} RENAME TO kept")
    sql(replaced.format(name=table, columns=sql.value(COLUMNS)))
    sql(f"GRANT SELECT ON ALL TABLES IN SCHEMA {schema} TO {role}; SET ROLE {role}")
    call = f"SELECT madlib.{function}('m'{arguments})"
    reads_both = DRIVERS[trained].reads_summary and not function.endswith("_summary")
    if table == "m_summary" and not reads_both:
        sql(call)
        return
    error = sql.refuses(call)
    assert (error.sqlstate, error.message) == (
        "42809",
        f'{function}: "{table}" cannot be read as a model: it is not a plain table',
    )
    assert error.hint == (
        "Ask for a table without policies, checks and expressions in indexes:"
        " they can run its owner's functions with your rights, as views do."
    )


@pytest.fixture
def trained(sql: Session, data: None) -> Session:
    sql(DRIVERS["regr_train"].call())
    return sql


def test_tables_that_hold_data(trained: Session, role: str) -> None:
    """A partitioned table is one; a policy that does not bind the reader, its owner's, runs nothing."""
    sql = trained
    sql(
        """
        ALTER TABLE m RENAME TO kept;
        CREATE TABLE m (LIKE kept) PARTITION BY RANGE (num_rows_processed);
        CREATE TABLE part PARTITION OF m DEFAULT;
        INSERT INTO m TABLE kept;
        ALTER TABLE m_summary ENABLE ROW LEVEL SECURITY
        """
    )
    assert sql.value("SELECT num_rows FROM madlib.regr_predict('m', 't', 'p')") == 60
    sql(f"DROP TABLE p; GRANT SELECT ON t, m, m_summary TO {role}; SET ROLE {role}")
    assert "not a plain table" in sql.fails("SELECT madlib.regr_predict('m', 't', 'p')").message


def test_a_table_stays_while_it_is_read(trained: Session, connect) -> None:
    """Nobody can put a view in its place between the look and the reading."""
    other = connect()
    other(f"SET search_path = {trained.value('SELECT current_schema()')}; SET lock_timeout = '100ms'")
    trained("BEGIN; SELECT madlib.__hold_table('m'::regclass)")
    assert other.fails("ALTER TABLE m RENAME TO gone").sqlstate == "55P03"
    trained("ROLLBACK")
    other("ALTER TABLE m RENAME TO gone")


def test_what_may_be_held(trained: Session, role: str) -> None:
    sql = trained
    sql(f"SET ROLE {role}")
    error = sql.fails("SELECT madlib.__hold_table('m'::regclass)")
    assert (error.sqlstate, error.message) == ("42501", "permission denied for table m")
    error = sql.fails("SELECT madlib.__hold_table(1::oid)")
    assert (error.sqlstate, error.message) == ("42P01", "relation with OID 1 does not exist")


EXPRESSIONS = {
    "an index": "CREATE INDEX ON m ((said(1)))",
    "a partial index": "CREATE INDEX ON m (num_rows_processed) WHERE said(1) > 0",
    "statistics": "CREATE STATISTICS s ON (said(1)), num_rows_processed FROM m",
    "a check": "ALTER TABLE m ADD CHECK (said(1) > 0)",
    "a child's index": "CREATE TABLE child () INHERITS (m); CREATE INDEX ON child ((said(1)))",
}


@pytest.mark.parametrize("made", EXPRESSIONS.values(), ids=EXPRESSIONS.keys())
def test_no_expression_of_the_owner_is_planned(
    trained: Session, role: str, schema: str, connect, made: str
) -> None:
    """A superuser reads what somebody made: planning evaluates IMMUTABLE functions of constants."""
    sql = trained
    sql(
        """
        CREATE FUNCTION said(i integer) RETURNS integer LANGUAGE plpgsql IMMUTABLE AS
        $$ BEGIN
            IF current_user <> 'ROLE' THEN RAISE EXCEPTION 'run as %', current_user; END IF;
            RETURN i;
        END $$
        """.replace("ROLE", role)
    )
    sql(f"ALTER TABLE m OWNER TO {role}; ALTER TABLE m_summary OWNER TO {role}; SET ROLE {role}")
    sql(made)
    assert len(sql("SELECT * FROM madlib.regr_summary('m')")) == 3  # the owner's own code
    sql("RESET ROLE")
    reader = connect()
    reader(f"SET search_path = {schema}; SET constraint_exclusion = on")
    for use in ("regr_summary('m')", "regr_predict('m', 't', 'p')"):
        assert "not a plain table" in reader.fails(f"SELECT madlib.{use}").message


def test_expressions_of_a_superuser_or_of_oneself_are_no_harm(trained: Session, role: str) -> None:
    sql = trained
    sql("CREATE INDEX ON m ((num_rows_processed + 1))")
    sql(f"GRANT SELECT ON m, m_summary TO {role}; SET ROLE {role}")
    assert len(sql("SELECT * FROM madlib.regr_summary('m')")) == 3
