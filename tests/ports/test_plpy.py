"""madpy's plpy gives what the server's gives."""

import pg
import pytest

from madpy.errors import SqlError
from madpy.ports.postgres import plpy
from madpy.ports.postgres.session.db import Database
from madpy.ports.postgres.session.udf import run

QUERY = """
    SELECT 1 AS i, 2::bigint AS b, 1.5::float8 AS f, 2.50::numeric AS n, true AS t, 'x'::text AS s,
           'c'::"char" AS c, 'y'::name AS m, ARRAY[1.5, NULL]::float8[] AS a, ARRAY['a', 'b'] AS ta,
           '{"k": 1}'::jsonb AS j, NULL::int AS z, '2024-02-29'::date AS d, decode('00ff', 'hex') AS y
"""


def test_rows_are_what_the_servers_plpy_gives(db, sql):
    sql(
        "CREATE FUNCTION pg_temp.shown(query text) RETURNS text LANGUAGE plpython3u AS"
        " $$ return repr([dict(row) for row in plpy.execute(query)]) $$"
    )
    inside = sql.value(f"SELECT pg_temp.shown($q${QUERY}$q$)")
    assert repr(list(plpy.execute(QUERY))) == inside


def test_the_result_knows_its_size_and_names(db):
    result = plpy.execute("SELECT 1 AS a, 2 AS b FROM generate_series(1, 3)")
    assert (result.nrows(), result.colnames()) == (3, ["a", "b"])
    plpy.execute("CREATE TEMP TABLE t AS SELECT generate_series(1, 3) AS a")
    assert plpy.execute("DELETE FROM t WHERE a > 1").nrows() == 2


def test_the_same_driver_gives_the_same_table(db, sql):
    sql("SELECT madlib.load_dataset('wine', 'inside')")
    assert run(plpy, "madlib", "general.load_dataset", ("wine", "outside")).endswith(".outside")
    assert sql.value("SELECT count(*) FROM outside") == 178
    assert sql("TABLE inside EXCEPT ALL TABLE outside") == []


def test_a_failed_run_outside_leaves_nothing(db, sql):
    sql("CREATE TABLE taken ()")
    with pytest.raises(Exception, match='output table "taken" already exists'):
        run(plpy, "madlib", "general.load_dataset", ("wine", "taken"))
    assert plpy.execute("SELECT pg_current_xact_id_if_assigned()::text AS x")[0]["x"] is None


def test_notices_and_messages_go_to_stderr(db, capsys):
    plpy.execute("DO $$BEGIN RAISE WARNING 'from the server'; END$$")
    plpy.info("from here")
    plpy.warning("and here")
    assert capsys.readouterr().err == "WARNING:  from the server\nINFO:  from here\nWARNING:  and here\n"


def test_errors(db):
    with pytest.raises(plpy.SPIError) as error:
        plpy.execute("SELECT nope")
    assert (str(error.value), error.value.sqlstate) == ('column "nope" does not exist', "42703")
    with pytest.raises(plpy.Error, match="so"):
        plpy.error("so")


def test_without_a_connection(db, database):
    plpy.close()
    plpy.close()
    with pytest.raises(plpy.SPIError, match="not connected") as error:
        plpy.execute("SELECT 1")
    assert error.value.sqlstate == "08003"
    with pytest.raises(plpy.SPIError, match='database "no_such" does not exist'):
        plpy.connect("no_such", database.host, database.port, database.user)


def test_a_connection_of_its_own_beside_the_sessions(db, database):
    there = plpy.Connection("postgres", database.host, database.port, database.user)
    other = Database(there)
    assert other.value("SELECT current_database()") == "postgres"
    assert db.value("SELECT current_database()") == database.database
    with pytest.raises(SqlError, match="division by zero"), other.atomic():
        other.execute("CREATE TEMP TABLE t (a integer)")
        other.execute("SELECT 1 / 0")
    assert other.value("SELECT to_regclass('t')") is None
    there.close()
    assert db.value("SELECT 1") == 1


def test_others_in_this_process_keep_their_json(db, database):
    plpy.execute("SELECT '{}'::json")
    assert pg.get_jsondecode() is not None


def test_the_machine_of_citus_is_told():
    """Citus names the machine in the context only; the text is that of libpq for an error of Citus 13.2.2."""
    text = (
        'ERROR:  extension "madpy" is not available\n'
        'DETAIL:  Could not open extension control file "madpy.control": No such file or directory.\n'
        "HINT:  The extension must first be installed on the system where PostgreSQL is running.\n"
        "CONTEXT:  while executing command on 127.0.0.1:15702\n"
    )
    error = plpy._spi_error(pg.DatabaseError(text), "XX000")
    assert str(error) == 'extension "madpy" is not available'
    assert error.spidata[1].splitlines() == [
        'Could not open extension control file "madpy.control": No such file or directory.',
        "while executing command on 127.0.0.1:15702",
    ]
