"""Over a table that Citus distributes: where CITUS_DSN names a coordinator's database (docs/citus.md)."""

import os
from collections.abc import Iterator
from contextlib import closing

import pg
import pytest

from madpy.install.doctor import examine
from madpy.ports.postgres import plpy
from madpy.ports.postgres.session.db import Database
from tests.methods import Method
from tests.session import Session
from tests.shards.conftest import COLUMNS, VALUES
from tests.shards.methods import METHODS
from tests.shards.test_same import alike
from tests.stats.calls import FIGURES

DSN = os.environ.get("CITUS_DSN")
pytestmark = pytest.mark.skipif(DSN is None, reason="CITUS_DSN is not set")

# Methods that read the rows in several passes.
MANY_PASSES = [
    *("dtree grouped", "dtree weighted", "glm", "glm grouped", "kmeans", "kmeans grouped", "kmeans weighted"),
    *("logregr grouped", "logregr weighted"),
]

# Types that have no number: an enum, and what no aggregate takes but one of any type.
ODD = """
    SELECT id, (ARRAY['low', 'middle', 'high'])[1 + id % 3]::level AS kind,
           ARRAY[(ARRAY['low', 'high'])[1 + id % 2]::level] AS kinds, ARRAY[id % 3, id % 2] AS list,
           ((id % 5) || ' hours')::interval AS span, ('{"a": ' || id % 4 || '}')::jsonb AS doc,
           (id % 9)::numeric / 3 AS part, colour::varchar(20) AS name,
           (id % 3)::text::char(4) AS code, x1, day
    FROM flat
"""


@pytest.fixture(scope="module")
def session() -> Iterator[Session]:
    """`flat` and the same rows distributed, in a schema of this run; Citus may not fetch rows."""
    with closing(pg.connect(dbname=DSN)) as connection:
        sql = Session(connection)
        schema = f"madpy_test_{os.getpid()}"
        sql("CREATE EXTENSION IF NOT EXISTS madpy CASCADE")
        sql("CREATE EXTENSION IF NOT EXISTS citus_columnar")
        sql(f"CREATE SCHEMA {schema}")
        sql(f"SET search_path = {schema}, public")
        sql(f"CREATE TABLE flat AS SELECT * FROM ({VALUES}) AS v")
        sql(f"CREATE TABLE rows ({COLUMNS})")
        sql("SELECT create_distributed_table('rows', 'id', shard_count => 8)")
        sql("INSERT INTO rows SELECT * FROM flat")
        sql("SET citus.coordinator_aggregation_strategy = 'disabled'")
        yield sql
        sql(f"DROP SCHEMA {schema} CASCADE")


@pytest.fixture
def citus(session: Session) -> Iterator[Session]:
    """Yield the session, and end its transaction after the test."""
    yield session
    session("ROLLBACK")
    session("RESET client_min_messages")


@pytest.fixture(scope="module")
def odd(session: Session) -> Session:
    """Create the tables of ODD, `odd_flat` and the distributed `odd`."""
    session("CREATE TYPE level AS ENUM ('low', 'middle', 'high')")
    session(f"CREATE TABLE odd_flat AS {ODD}")
    session("CREATE TABLE odd (LIKE odd_flat)")
    session("SELECT create_distributed_table('odd', 'id', shard_count => 4)")
    session("INSERT INTO odd SELECT * FROM odd_flat")
    return session


def told(sql: Session, call: str) -> list[str]:
    """Return the messages of a training with `verbose`."""
    sql("SET client_min_messages = info")
    sql(f"SELECT madlib.{call}")
    messages = [notice.message for notice in sql.notices]
    sql("RESET client_min_messages")
    return messages


@pytest.mark.parametrize("method", METHODS.values(), ids=METHODS.keys())
def test_the_answer_is_that_of_one_table(citus: Session, method: Method) -> None:
    citus("DROP TABLE IF EXISTS one, one_summary, parts, parts_summary")
    citus(method.run("flat", "one"))
    citus(method.run("rows", "parts"))
    found, wanted = citus(method.answers("parts")), citus(method.answers("one"))
    assert alike(found, wanted), f"{found}\n{wanted}"


@pytest.mark.parametrize("method", METHODS.values(), ids=METHODS.keys())
@pytest.mark.parametrize("kind", ["create_reference_table", "citus_add_local_table_to_metadata"])
def test_the_answer_of_a_table_that_citus_does_not_spread(citus: Session, method: Method, kind: str) -> None:
    citus("DROP TABLE IF EXISTS one, one_summary, parts, parts_summary")
    if citus.value(f"SELECT to_regclass('of_{kind[:12]}') IS NULL"):
        citus(f"CREATE TABLE of_{kind[:12]} AS SELECT * FROM flat")
        citus(f"SELECT {kind}('of_{kind[:12]}')")
    citus(method.run("flat", "one"))
    citus(method.run(f"of_{kind[:12]}", "parts"))
    found, wanted = citus(method.answers("parts")), citus(method.answers("one"))
    assert alike(found, wanted), f"{found}\n{wanted}"


@pytest.mark.parametrize("name", MANY_PASSES)
@pytest.mark.parametrize("source", ["view", "no memory", "partitioned", "columnar", "partly columnar"])
def test_the_answer_where_nothing_is_kept_and_of_partitions(citus: Session, name: str, source: str) -> None:
    """A view has no places of rows; a setting is against keeping them; each partition has its own places.

    A columnar table has places, but no scan that looks a row up by its own.
    """
    method, table = METHODS[name], "rows"
    citus("DROP TABLE IF EXISTS one, one_summary, parts, parts_summary, halves")
    citus(method.run("flat", "one"))
    citus("BEGIN")
    if source == "view":
        citus("CREATE OR REPLACE VIEW seen AS SELECT * FROM rows")
        table = "seen"
    if source == "no memory":
        citus("SET LOCAL madpy.store_memory = 0")
    if source == "columnar":
        citus(f"CREATE TABLE halves ({COLUMNS}) USING columnar")
    if source in ("partitioned", "partly columnar"):
        using = "USING columnar" if source == "partly columnar" else ""
        citus(f"CREATE TABLE halves ({COLUMNS}) PARTITION BY RANGE (id)")
        citus(f"CREATE TABLE half_1 PARTITION OF halves FOR VALUES FROM (0) TO (1000) {using}")
        citus("CREATE TABLE half_2 PARTITION OF halves FOR VALUES FROM (1000) TO (5000)")
    if source not in ("view", "no memory"):
        citus("SELECT create_distributed_table('halves', 'id', shard_count => 4)")
        citus("INSERT INTO halves SELECT * FROM flat")
        table = "halves"
    if source.endswith("columnar"):  # which cannot be read by a subtransaction of the one that wrote it
        citus("COMMIT")
        citus("BEGIN")
    citus(method.run(table, "parts"))
    citus("COMMIT")
    assert alike(citus(method.answers("parts")), citus(method.answers("one")))


def test_a_row_is_scored_where_it_is(citus: Session) -> None:
    """With the model as a scalar subquery; a function that looks a model up by name cannot be sent."""
    citus("DROP TABLE IF EXISTS one, one_summary")
    citus(METHODS["regr"].run("flat", "one").replace("x1, x2, x3, flag, colour", "x1, x3"))
    scored = "SELECT sum(madlib.regr_predict((SELECT coef FROM one), ARRAY[1, x1, x3])) FROM {}"
    assert alike(citus.value(scored.format("rows")), citus.value(scored.format("flat")))


@pytest.mark.parametrize(
    ("train", "predict", "by"),
    [
        ("regr_train('flat', 'm', 'y', 'x1, colour', 'place')", "regr_predict", ""),
        ("logregr_train('flat', 'm', 'y > 3', 'x1, x2')", "logregr_predict", ""),
        ("logregr_train('flat', 'm', 'y > 3', 'x1, colour', weights => 'x3')", "logregr_predict", ""),
        (
            "glm_train('flat', 'm', 'x3', 'x1, colour', 'poisson', \"offset\" => 'x1 / 10')",
            "glm_predict",
            ", \"offset\" => 'x1 / 10'",
        ),
        ("nb_train('flat', 'm', 'colour', 'x1, flag', 'place')", "nb_predict", ""),
        ("nb_train('flat', 'm', 'flag', 'x1, colour', weights => 'x3')", "nb_predict_prob", ""),
        ("dtree_train('flat', 'm', 'colour', 'x1, x2, flag')", "dtree_predict", ""),
        ("dtree_train('flat', 'm', 'flag', 'x1, colour', weights => 'x3')", "dtree_predict_prob", ""),
        ("kmeans_train('flat', 'm', 'x1, x3', 3)", "kmeans_predict", ""),
        ("kmeans_train('flat', 'm', 'x1, colour', 3, weights => 'x3')", "kmeans_predict", ""),
    ],
)
def test_a_table_is_predicted(citus: Session, train: str, predict: str, by: str) -> None:
    citus("DROP TABLE IF EXISTS m, m_summary, of_flat, of_rows")
    citus(f"SELECT madlib.{train}")
    for table in ("flat", "rows"):
        citus(f"SELECT madlib.{predict}('m', '{table}', 'of_{table}'{by})")
    assert citus("SELECT count(DISTINCT id) FROM of_rows") == [(3000,)]
    assert citus("SELECT count(*) FROM of_rows") == citus("SELECT count(*) FROM of_flat")
    assert citus("TABLE of_rows EXCEPT TABLE of_flat") == []


@pytest.mark.parametrize(
    "call",
    [
        "regr_train('rows', 'm', 'y', 'x1', robust => true)",
        "correlation('rows', 'm')",
        "summary('rows', 'm', get_estimates => false)",
    ],
)
def test_output_that_is_updated_where_tables_are_columnar_by_default(citus: Session, call: str) -> None:
    citus("DROP TABLE IF EXISTS m, m_summary")
    citus("BEGIN")
    citus("SET LOCAL default_table_access_method = columnar")
    citus(f"SELECT madlib.{call}")


@pytest.mark.parametrize("estimates", [True, False])
def test_every_type_is_summarized(odd: Session, estimates: bool) -> None:
    """The aggregate of a row finds each column's type; counting has its values in a temporary table."""
    for table in ("odd_flat", "odd"):
        odd(f"SELECT madlib.summary('{table}', 'of_{table}', get_estimates => {estimates})")
    figures = FIGURES.replace("most_frequent_values", "most_frequent_values[:3]")
    found, wanted = (odd(f"SELECT {figures} FROM of_{t} ORDER BY column_number") for t in ("odd", "odd_flat"))
    assert len(wanted) == 11
    odd("DROP TABLE of_odd, of_odd_summary, of_odd_flat, of_odd_flat_summary")
    if estimates:  # of equally frequent values those are named that came first
        found, wanted = ([row[:11] for row in rows] for rows in (found, wanted))
    assert alike(found, wanted), f"{found}\n{wanted}"


@pytest.mark.parametrize(
    "item", ["id", "kind", "kinds", "list", "span", "doc", "part", "name", "code", "x1", "day"]
)
def test_distinct_values_of_every_type(odd: Session, item: str) -> None:
    count = "SELECT madlib.fmsketch_dcount('{}', '{}')"
    assert odd.value(count.format("odd", item)) == odd.value(count.format("odd_flat", item)) > 0


def test_robust_twice_in_a_transaction_beside_tables_of_the_same_name(citus: Session) -> None:
    citus("CREATE TEMPORARY TABLE madpy_rows AS SELECT 1 AS mine")
    citus("BEGIN")
    for name in ("first", "second"):
        citus(f"SELECT madlib.regr_train('rows', '{name}', 'y', 'x1', robust => true)")
    assert alike(citus("SELECT std_err FROM first"), citus("SELECT std_err FROM second"))
    temporary = "SELECT relname FROM pg_class WHERE relname LIKE 'madpy_rows%' AND relpersistence = 't'"
    assert citus(temporary) == [("madpy_rows",)]
    citus("COMMIT")
    citus("DROP TABLE first, first_summary, second, second_summary, madpy_rows")


def test_a_table_that_is_whole_here_is_kept_here(citus: Session) -> None:
    """A reference table with a copy on the coordinator; a distributed one is not fetched."""
    citus("CREATE TABLE everywhere AS SELECT * FROM flat")
    citus("SELECT create_reference_table('everywhere')")
    is_here = citus.value(
        "SELECT EXISTS (SELECT FROM pg_dist_placement JOIN pg_dist_shard USING (shardid)"
        " WHERE logicalrelid = 'everywhere'::regclass AND groupid = 0)"
    )
    call = "kmeans_train('{0}', '{0}_c', 'x1, x3', 3, verbose => true)"
    feed = "store" if is_here else "states of each server"
    assert f"kmeans_train: reading by {feed}" in told(citus, call.format("everywhere"))
    assert "kmeans_train: reading by states of each server" in told(citus, call.format("rows"))
    centroids = "SELECT centroid FROM {}_c ORDER BY cluster_id"
    assert alike(citus(centroids.format("rows")), citus(centroids.format("everywhere")))
    citus("DROP TABLE everywhere_c, everywhere_c_summary, rows_c, rows_c_summary")


def test_rows_that_go_between_two_passes(citus: Session) -> None:
    """Kept rows are found by the first one of each shard: without it the training is refused."""
    citus("CREATE TABLE fleeting (LIKE rows)")
    citus("SELECT create_distributed_table('fleeting', 'id', shard_count => 2)")
    citus("INSERT INTO fleeting SELECT * FROM flat")
    keep = "SELECT madlib.__keep(1, ctid, tableoid, ARRAY[x1], ARRAY[y]) FROM fleeting"
    step = "SELECT madlib.__kept_step(ctid, tableoid, 'moments', NULL) FROM fleeting WHERE ctid = '(0,1)'"
    citus("BEGIN")
    citus(keep)
    rows = "SELECT (madlib.regr_fit(({}))).num_rows_processed"
    assert citus.value(rows.format(step)) == 3000
    citus("DELETE FROM fleeting WHERE ctid = '(0,1)'")
    assert citus.value(f"SELECT ({step}) IS NULL")
    citus("ROLLBACK")
    assert citus.value(f"SELECT ({step}) IS NULL")  # the rows went with the transaction


@pytest.mark.parametrize(("level", "found"), [("READ COMMITTED", False), ("REPEATABLE READ", True)])
def test_a_row_that_another_session_deletes(citus: Session, level: str, found: bool) -> None:
    citus("DROP TABLE IF EXISTS brief")
    citus("CREATE TABLE brief (LIKE rows)")
    citus("SELECT create_distributed_table('brief', 'id', shard_count => 2)")
    citus("INSERT INTO brief SELECT * FROM flat")
    step = "SELECT madlib.__kept_step(ctid, tableoid, 'moments', NULL) FROM brief WHERE ctid = '(0,1)'"
    citus(f"BEGIN ISOLATION LEVEL {level}")
    citus("SELECT madlib.__keep(1, ctid, tableoid, ARRAY[x1], ARRAY[y]) FROM brief")
    with closing(pg.connect(dbname=DSN)) as connection:
        connection.query(f"DELETE FROM {citus.value('SELECT current_schema()')}.brief WHERE ctid = '(0,1)'")
    assert citus.value(f"SELECT ({step}) IS NOT NULL") is found


@pytest.mark.parametrize(
    "train", ["glm_train('rows', 'm', 'x3', 'x1', 'poisson')", "kmeans_train('rows', 'm', 'x1', 4)"]
)
def test_a_cancel_at_any_moment_leaves_the_session_whole(session: Session, train: str) -> None:
    """Citus sends savepoints around each statement; an error there would break Python, and end the server."""
    with closing(pg.connect(dbname=DSN)) as connection:
        sql = Session(connection)
        sql(f"SET search_path = {session.value('SELECT current_schema()')}, public")
        sql("SET madpy.store_memory = 0")
        states = set()
        for moment in range(2, 122, 2):
            sql(f"SET statement_timeout = {moment}")
            try:
                sql(f"SELECT madlib.{train}")
            except pg.DatabaseError as error:
                states.add(error.sqlstate)
            sql("RESET statement_timeout")
            sql("DROP TABLE IF EXISTS m, m_summary")
        assert states == {"57014"}
        sql(f"SELECT madlib.{train}")
        sql("DROP TABLE m, m_summary")


def test_a_loop_after_a_training_can_be_cancelled(citus: Session) -> None:
    """In the same transaction: blocks with EXCEPTION begin subtransactions, too."""
    citus("DROP TABLE IF EXISTS m, m_summary")
    error = citus.refuses(
        """
        SET statement_timeout = '3s';
        DO $$ DECLARE i bigint := 0; BEGIN
            PERFORM madlib.regr_train('rows', 'm', 'y', 'x1');
            BEGIN
                LOOP i := i + 1; END LOOP;
            EXCEPTION WHEN division_by_zero THEN NULL;
            END;
        END $$
        """
    )
    citus("RESET statement_timeout")
    assert error.sqlstate == "57014"


def test_what_the_server_says_of_an_expression(citus: Session) -> None:
    error = citus.refuses("SELECT madlib.regr_train('rows', 'no', 'y', 'generate_series(1, 3)')")
    assert error.sqlstate == "0A000"
    assert error.message == "regr_train: features: a function that returns a set cannot be used here"
    error = citus.refuses(
        "SELECT madlib.regr_train('rows', 'no', 'y', '(SELECT max(r.x1) FROM rows r WHERE r.x3 > rows.x3)')"
    )
    assert error.sqlstate == "0A000"
    assert "only supported when all distributed tables are co-located" in error.message


def test_a_worker_without_madpy_is_named(citus: Session) -> None:
    """By doctor, and by the error of a training; here the functions of one have other names for a while."""
    host, port = citus("SELECT nodename, nodeport FROM pg_dist_node WHERE groupid > 0 ORDER BY 1, 2 LIMIT 1")[
        0
    ]
    with closing(pg.connect(dbname=f"{DSN} host={host} port={port}")) as connection:
        worker = Session(connection)
        worker("SET citus.enable_ddl_propagation = off")
        names = {"FUNCTION madlib.{}()": "__c_version", "AGGREGATE madlib.{}(bytea)": "moments_merge"}
        names["AGGREGATE madlib.{}(double precision, double precision[])"] = "moments_state"
        for what, name in names.items():
            worker(f"ALTER {what.format(name)} RENAME TO {name}_gone")
        try:
            error = citus.refuses("SELECT madlib.regr_train('rows', 'no', 'y', 'x1')")
            findings = doctor()
        finally:
            for what, name in names.items():
                worker(f"ALTER {what.format(name + '_gone')} RENAME TO {name}")
    assert (
        error.message == f'regr_train: server "{host}:{port}": function madlib.__c_version() does not exist'
    )
    assert error.hint == "Install the same version of madpy there: make install on that machine."
    assert findings[f"worker {host}:{port}"] == "bad"
    assert {state for what, state in doctor().items() if what.startswith("worker")} == {"good"}


def doctor() -> dict[str, str]:
    """The states of what `madpy doctor` finds."""
    plpy.connect(DSN)
    try:
        return {finding.what: finding.state for finding in examine(Database(plpy))}
    finally:
        plpy.close()
