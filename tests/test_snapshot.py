"""A driver reads its source in several statements, and all of them see the rows of one moment.

Table `base` is changed and committed by another connection each time that its first row is read: the view
`t` calls `disturb` there.  The answer has to be that of `before`, a copy of the rows as they were.
"""

import json
import threading
import time
from typing import Any

import pytest

from madpy.dev.server import Address
from madpy.ports.postgres import plpy
from madpy.ports.postgres.session.udf import run
from tests.ports.inside import inside
from tests.session import Session

ROWS = 1200
DATA = f"""
    CREATE TABLE base AS
    SELECT i, sin(i) * 3 AS a, cos(i * 1.7) + i % 4 AS b, (ARRAY['red', 'green', 'blue'])[1 + i % 3] AS c,
           i % 2 AS g, sin(i) * 3 + i % 3 + cos(i * 0.7) * (1 + i % 3) AS y,
           sin(i) + cos(i * 3.1) * 2 > 0 AS yes, ARRAY[sin(i) * 3, i % 4] AS p, i::bigint AS pid,
           ARRAY[sin(i) * 3, i % 4]::float8[] AS coords
    FROM generate_series(1, {ROWS}) AS i;
    CREATE TABLE before AS TABLE base
"""
# Rows go, rows change their group and their levels, rows come with a level and a group that are new.
CHANGE = """
    DELETE FROM {s}.base WHERE i IN (SELECT i FROM {s}.base WHERE i > 1 ORDER BY i LIMIT 80);
    UPDATE {s}.base SET c = 'grey', g = 5, y = y + 10, yes = NOT yes, a = a + 3, p = ARRAY[9, 9]
    WHERE i IN (SELECT i FROM {s}.base ORDER BY i DESC LIMIT 80);
    INSERT INTO {s}.base SELECT i - 5000, a + 50, b, 'new', 7, -y, NOT yes, p, pid, ARRAY[50, 50]
    FROM {s}.before WHERE i % 7 = 0
"""
DISTURB = """
    CREATE FUNCTION elsewhere(statements text) RETURNS text LANGUAGE sql AS
    $$SELECT public.dblink_exec('{connection}', statements)$$;
    CREATE FUNCTION disturb() RETURNS boolean LANGUAGE plpgsql AS $$
    BEGIN
        PERFORM {s}.elsewhere($change${change}$change$);
        RETURN true;
    END $$;
    CREATE VIEW t AS SELECT * FROM base WHERE CASE WHEN i = 1 THEN {s}.disturb() ELSE true END
"""
TRAININGS = {
    "regr": "regr_train('{t}', '{m}', 'y', 'a, b, c')",
    "regr, robust": "regr_train('{t}', '{m}', 'y', 'a, b, c', NULL, true, robust => true)",
    "regr, robust, groups": "regr_train('{t}', '{m}', 'y', 'a, c', 'g', weights => 'b + 2', robust => true)",
    "regr, a vector": "regr_train('{t}', '{m}', 'y', 'p', robust => true)",
    "logregr": "logregr_train('{t}', '{m}', 'yes', 'a, b, c')",
    "logregr, groups": "logregr_train('{t}', '{m}', 'yes', 'a, b', 'g')",
    "logregr, text": "logregr_train('{t}', '{m}', 'CASE WHEN yes THEN c ELSE ''red'' END = ''red''', 'a')",
    "glm": "glm_train('{t}', '{m}', 'y', 'a, b, c', 'gaussian', weights => 'b + 2', \"offset\" => 'a')",
    "nb": "nb_train('{t}', '{m}', 'c', 'a, b, yes')",
    "nb, groups": "nb_train('{t}', '{m}', 'yes', 'a, c, g', 'g', categorical_cols => 'g')",
    "dtree": "dtree_train('{t}', '{m}', 'c', 'a, b, yes', max_depth => 5)",
    "dtree, groups": "dtree_train('{t}', '{m}', 'y', 'a, c', 'g', max_depth => 4)",
    "dtree, folds": "dtree_train('{t}', '{m}', 'y', 'a, c', max_depth => 4, n_folds => 3)",
    "kmeans": "kmeans_train('{t}', '{m}', 'a, b, c', 4)",
    "kmeans, groups": "kmeans_train('{t}', '{m}', 'a, b', 3, grouping_cols => 'g', init => 'kmeans||')",
    "kmeans, centroids": "kmeans_train('{t}', '{m}', 'a, b', init => 'first')",
    "correlation": "correlation('{t}', '{m}', 'a, b, y')",
    "covariance, groups": "covariance('{t}', '{m}', 'a, b, y', grouping_cols => 'g')",
    "summary": "summary('{t}', '{m}', 'a, c, yes', 'g')",
    "summary, exact": "summary('{t}', '{m}', 'a, c, y', 'g', get_estimates => false)",
}
PREDICTIONS = {
    "regr_predict": "regr_train('before', 'model', 'y', 'a, c', 'g')",
    "logregr_predict": "logregr_train('before', 'model', 'yes', 'a, c', 'g')",
    "glm_predict": "glm_train('before', 'model', 'yes', 'a, c', 'binomial', 'probit', 'g')",
    "nb_predict": "nb_train('before', 'model', 'yes', 'a, c', 'g')",
    "nb_predict_prob": "nb_train('before', 'model', 'yes', 'a, c')",
    "dtree_predict": "dtree_train('before', 'model', 'c', 'a, b', 'g')",
    "kmeans_predict": "kmeans_train('before', 'model', 'a, c', 3, grouping_cols => 'g')",
}
# The same call in other surroundings; {call} makes table `found` of view `t`.
WAYS = {
    "cursor": "BEGIN; DECLARE c CURSOR FOR SELECT {call}; FETCH c; COMMIT",
    "stable function": "CREATE FUNCTION train() RETURNS text STABLE LANGUAGE sql AS"
    " $$SELECT ({call}).output_table$$; SELECT train()",
    "DO block": "DO $$BEGIN PERFORM {call}; END$$",
    "prepared": "PREPARE p AS SELECT {call}; EXECUTE p",
    "CREATE TABLE AS": "CREATE TABLE results AS SELECT {call}",
    "repeatable read": "BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT {call}; COMMIT",
    "serializable": "BEGIN ISOLATION LEVEL SERIALIZABLE; SELECT {call}; COMMIT",
    "savepoint": "BEGIN; SAVEPOINT s; SELECT {call}; RELEASE s; COMMIT",
}
ROBUST = "madlib.regr_train('{t}', '{m}', 'y', 'a, b, c', robust => true)"
FEEDS = {"store": "64MB", "streaming": "0"}


@pytest.fixture
def changing(sql: Session, database: Address, schema: str) -> Session:
    """A session with `before`, and the view `t` of the same rows, which change when they are read."""
    sql("SET client_min_messages = warning")
    sql("CREATE EXTENSION IF NOT EXISTS dblink SCHEMA public")
    sql(DATA)
    sql("CREATE TABLE first AS SELECT ARRAY[a, b] AS centroid FROM before WHERE i < 4")
    connection = f"host={database.host} port={database.port} user={database.user} dbname={database.database}"
    sql(DISTURB.format(s=schema, connection=connection, change=CHANGE.format(s=schema)))
    sql("SET client_min_messages = notice")
    return sql


@pytest.mark.parametrize("memory", FEEDS.values(), ids=FEEDS)
@pytest.mark.parametrize("call", TRAININGS.values(), ids=TRAININGS)
def test_a_training_sees_the_rows_of_one_moment(changing: Session, call: str, memory: str) -> None:
    changing(f"SET madpy.store_memory = '{memory}'")
    changing("SELECT madlib." + call.format(t="before", m="wanted"))
    changing("SELECT madlib." + call.format(t="t", m="found"))
    assert changing.value("SELECT count(*) FROM base WHERE c = 'new'") > 0
    assert rows(changing, "found") == rows(changing, "wanted")
    assert rows(changing, "found_summary") == rows(changing, "wanted_summary")


def test_kmeans_run_assigns_the_rows_that_it_clustered(changing: Session, schema: str) -> None:
    changing("SET madpy.store_memory = 0")
    for source, name in (("before", "wanted"), ("t", "found")):
        changing(f"SELECT madlib.kmeans_run('{source}', 3, 1, '{name}', '{schema}')")
    for table in ("kmeans_out_centroids_", "kmeans_out_points_"):
        assert rows(changing, f"{table}found") == rows(changing, f"{table}wanted")


@pytest.mark.parametrize(("function", "training"), PREDICTIONS.items(), ids=PREDICTIONS)
def test_predictions(changing: Session, function: str, training: str) -> None:
    changing(f"SELECT madlib.{training}")
    wanted = changing.rows(f"SELECT * FROM madlib.{function}('model', 'before', 'wanted')")[0]
    found = changing.rows(f"SELECT * FROM madlib.{function}('model', 't', 'found')")[0]
    assert found["num_rows"] == wanted["num_rows"]
    assert rows(changing, "found") == rows(changing, "wanted")


def test_distinct_values(changing: Session) -> None:
    """One statement; NULL is not counted."""
    assert changing.value("SELECT madlib.fmsketch_dcount('t', 'c')") == 3


@pytest.mark.parametrize("memory", FEEDS.values(), ids=FEEDS)
@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_wherever_a_training_is_called(changing: Session, way: str, memory: str) -> None:
    changing(f"SET madpy.store_memory = '{memory}'")
    changing("SELECT " + ROBUST.format(t="before", m="wanted"))
    changing(way.format(call=ROBUST.format(t="t", m="found")))
    assert rows(changing, "found") == rows(changing, "wanted")


@pytest.mark.parametrize("memory", FEEDS.values(), ids=FEEDS)
def test_rows_that_the_transaction_itself_has_changed(changing: Session, memory: str) -> None:
    """Nobody else sees them yet; row locks would make the other connection wait for them."""
    changing(f"SET madpy.store_memory = '{memory}'")
    changing("BEGIN")
    changing("CREATE TABLE own AS SELECT i + 100000 AS i, a, b, c, g, y FROM base")
    changing("INSERT INTO own SELECT -i, a * 3, b, 'mine', g, y - 7 FROM base WHERE i % 5 = 0")
    changing("DELETE FROM own WHERE i % 11 = 0; UPDATE own SET y = y + 1 WHERE i % 3 = 0")
    changing("CREATE VIEW union_of AS SELECT a, b, c, g, y FROM t UNION ALL SELECT a, b, c, g, y FROM own")
    changing(
        "CREATE TEMP TABLE copy AS SELECT a, b, c, g, y FROM before UNION ALL SELECT a, b, c, g, y FROM own"
    )
    changing("SELECT " + ROBUST.format(t="copy", m="wanted"))
    changing("SELECT " + ROBUST.format(t="union_of", m="found"))
    assert rows(changing, "found") == rows(changing, "wanted")
    assert changing.value("SELECT num_rows_processed FROM found") > 2 * ROWS
    changing("COMMIT")


def test_each_call_has_a_moment_of_its_own(changing: Session) -> None:
    """The second of a block sees what was committed during the first, as two statements do."""
    calls = "; ".join(f"PERFORM {ROBUST.format(t='t', m=name)}" for name in ("one", "two"))
    changing(f"DO $$BEGIN {calls}; END$$")
    assert changing.value("SELECT num_rows_processed FROM one") == ROWS
    assert changing.value("SELECT num_rows_processed FROM two") != ROWS


def test_a_training_within_a_training(changing: Session) -> None:
    """The inner one takes a snapshot of its own, and the outer one keeps the one it has."""
    changing(
        f"""
        CREATE FUNCTION inner_training() RETURNS boolean LANGUAGE plpgsql AS $$
        BEGIN
            DROP TABLE IF EXISTS inner_model, inner_model_summary;
            PERFORM {ROBUST.format(t="t", m="inner_model")};
            RETURN true;
        END $$;
        CREATE VIEW outer_source AS
        SELECT * FROM base WHERE CASE WHEN i = 1 THEN inner_training() ELSE true END
        """
    )
    changing("SET client_min_messages = warning; SET madpy.store_memory = 0")
    changing("SELECT " + ROBUST.format(t="before", m="wanted"))
    changing("SELECT " + ROBUST.format(t="outer_source", m="found"))
    assert rows(changing, "found") == rows(changing, "wanted")


def test_a_table_that_is_filled_anew_is_waited_for(changing: Session, connect: Any, schema: str) -> None:
    """A snapshot from before the TRUNCATE would see no rows at all, so it is taken behind the lock."""
    other, results = connect(), []
    other("BEGIN")
    other(f"TRUNCATE {schema}.base")
    training = "SELECT num_rows_processed FROM " + ROBUST.format(t="t", m="found")
    thread = threading.Thread(target=lambda: results.append(changing.value(training)))
    thread.start()
    while thread.is_alive() and not other.value("SELECT count(*) FROM pg_locks WHERE NOT granted"):
        time.sleep(0.01)
    assert thread.is_alive()
    other(f"INSERT INTO {schema}.base SELECT * FROM {schema}.before WHERE i <= 500")
    other("COMMIT")
    thread.join(timeout=30)
    assert results == [500]


def test_a_model_that_is_changed_before_it_is_applied(changing: Session, schema: str) -> None:
    """A model and a source that are read in several statements are read as of one moment."""
    changing("SELECT madlib.regr_train('before', 'model', 'y', 'a')")
    found = inside(
        changing,
        f"""
        from madpy.helper import helper
        helper.check_source(db, 'model', 'model_table'), helper.check_source(db, 'before')
        def look():
            return db.value('SELECT coef[1]::text FROM model') + db.value('SELECT count(*)::text FROM before')
        first = look()
        db.execute('CREATE TABLE mine AS SELECT * FROM before LIMIT 5')
        plpy.execute("SELECT elsewhere('UPDATE {schema}.model SET coef = NULL; DELETE FROM {schema}.before')")
        kept, mine = look(), db.value('SELECT count(*) FROM mine')
        db.finish()
        return [first, kept, mine, db.value('SELECT count(*) FROM before')]
        """,
    )
    assert found[0] == found[1]
    assert found[2:] == [5, 0]


def test_parallel_workers_see_the_same(changing: Session, schema: str) -> None:
    """A pass over a table that is large enough goes on being parallel."""
    changing("SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0; SET min_parallel_table_scan_size = 0")
    found = inside(
        changing,
        f"""
        from madpy.helper import helper
        helper.check_source(db, 'before')
        plpy.execute("SELECT elsewhere('DELETE FROM {schema}.before WHERE i > 100')")
        query = 'SELECT count(*) FROM before'
        plan = db.execute('EXPLAIN (ANALYZE, COSTS OFF) ' + query)
        db.execute('CREATE TABLE made AS ' + query)
        counts = [db.value(query), db.value('SELECT count FROM made')]
        plan += db.execute('EXPLAIN (ANALYZE, COSTS OFF) CREATE TABLE more AS ' + query)
        return [counts, [row['QUERY PLAN'].strip() for row in plan]]
        """,
    )
    assert found[0] == [ROWS, ROWS]
    launched = [line for line in found[1] if line.startswith("Workers Launched")]
    assert launched == ["Workers Launched: 2"] * 2
    assert changing.value("SELECT count(*) FROM before") == 100


ENDS = {
    "success": "SELECT madlib.regr_train('before', 'm', 'y', 'a', robust => true)",
    "error": "SAVEPOINT s; SELECT madlib.regr_train('before', 'm', '1', 'a', robust => true)",
    "caught error": "DO $$BEGIN PERFORM madlib.regr_train('before', 'm', '1', 'a', robust => true);"
    " EXCEPTION WHEN OTHERS THEN NULL; END$$",
}


@pytest.mark.parametrize("end", ENDS)
def test_a_snapshot_is_given_back(changing: Session, connect: Any, end: str) -> None:
    """An open transaction that does nothing holds back no VACUUM, and its COMMIT does not complain."""
    pid = changing.value("SELECT pg_backend_pid()")
    changing("BEGIN")
    if end == "error":
        changing.fails(ENDS[end])
        changing("ROLLBACK TO s")
    else:
        changing(ENDS[end])
    assert connect()(f"SELECT backend_xmin, state FROM pg_stat_activity WHERE pid = {pid}") == [
        (None, "idle in transaction")
    ]
    changing("COMMIT")
    assert changing.notices == []


def test_numbers_of_snapshots(changing: Session) -> None:
    """They are good until the transaction ends, or until a ROLLBACK to a savepoint before them."""
    changing("BEGIN")
    kept = changing.value("SELECT madlib.__snapshot_take()")
    changing("SAVEPOINT s")
    lost = changing.value("SELECT madlib.__snapshot_take()")
    changing("ROLLBACK TO s")
    run_it = "SELECT madlib.__snapshot_execute({}, $$SELECT 1 AS a, 'x' AS b$$)"
    assert changing(run_it.format(kept)) == [("(1,x)",)]
    assert changing(f"SELECT * {run_it.format(kept).replace('SELECT', 'FROM', 1)} AS f(a int, b text)") == [
        (1, "x")
    ]
    changing("SAVEPOINT s")
    error = changing.fails(run_it.format(lost))
    assert (error.sqlstate, error.message) == ("42704", f"there is no snapshot {lost} in this transaction")
    changing("ROLLBACK TO s")
    error = changing.fails(f"SELECT madlib.__snapshot_execute({kept}, 'COMMIT')")
    assert error.sqlstate == "0A000"
    assert error.message == "the statement cannot be run under a snapshot: SPI_ERROR_TRANSACTION"
    changing("ROLLBACK; BEGIN; SELECT madlib.__snapshot_take(); COMMIT")
    assert changing.notices == []
    assert changing.fails(f"SELECT madlib.__snapshot_free({kept})").sqlstate == "42704"


def test_outside_the_server(changing: Session, database: Address, schema: str) -> None:
    """The transaction that is begun for a training is REPEATABLE READ."""
    changing("SET madpy.store_memory = 0; SELECT " + ROBUST.format(t="before", m="wanted"))
    plpy.connect(database.database, database.host, database.port, database.user)
    try:
        plpy.execute(f"SET search_path = {schema}, public; SET madpy.store_memory = 0")
        run(plpy, "madlib", "regr.train", ["t", "found", "y", "a, b, c", None, False, None, True, False])
    finally:
        plpy.close()
    assert rows(changing, "found") == rows(changing, "wanted")


def rows(sql: Session, table: str) -> list[Any]:
    """All of a table, but for what is of the run."""
    own = "ARRAY['duration', 'trained_at', 'source_table', 'output_table', 'summary_table']"
    return [
        json.loads(row) for (row,) in sql(f"SELECT (to_jsonb(m) - {own})::text FROM {table} AS m ORDER BY 1")
    ]


def test_a_transaction_keeps_few_snapshots(sql):
    """Their end takes a time that grows with their square, and cannot be cancelled."""
    sql("BEGIN")
    error = sql.fails("SELECT madlib.__snapshot_take() FROM generate_series(1, 101)")
    assert (error.sqlstate, error.message) == ("54000", "a transaction cannot keep more than 100 snapshots")
    sql("ROLLBACK")
