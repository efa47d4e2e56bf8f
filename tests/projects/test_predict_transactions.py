"""The model that a statement predicts with is the one that its snapshot and its role see."""

import math

import pytest

from tests.projects import made


@pytest.fixture
def twice(sql):
    """A project, and two of its models: the first predicts x, the second 100 x; neither is deployed."""
    name = made.fresh()
    sql(
        "CREATE TABLE s AS SELECT i::float8 AS x, i::float8 AS y, 100.0 * i AS z FROM generate_series(1, 20) AS i"
    )
    sql(
        "SELECT madlib.sk_train('s', 'one', 'y', 'x', 'linear'); SELECT madlib.sk_train('s', 'two', 'z', 'x', 'linear')"
    )
    number = made.project(sql, name)
    snapshot = made.snapshot(sql, number, relation_name="s")
    return name, *(
        made.model(sql, number, snapshot, f"(SELECT model FROM {table})") for table in ("one", "two")
    )


def predicted(session, name):
    return round(session.value(f"SELECT pgml.predict('{name}', 1.0)"))


def test_a_deployment_is_seen_by_the_next_statement_of_every_session(sql, twice, connect):
    name, one, two = twice
    other = connect()
    for model, wanted in ((one, 1), (two, 100), (one, 1)):
        made.deploy(sql, model)
        assert (predicted(sql, name), predicted(other, name)) == (wanted, wanted)


def test_a_rollback_undoes_a_deployment(sql, twice, connect):
    name, one, two = twice
    other = connect()
    made.deploy(sql, one)
    sql("BEGIN")
    assert predicted(sql, name) == 1
    made.deploy(sql, two)
    assert (predicted(sql, name), predicted(other, name)) == (100, 1)
    sql("ROLLBACK")
    assert predicted(sql, name) == 1
    sql("BEGIN")
    made.deploy(sql, two)
    assert predicted(other, name) == 1
    sql("COMMIT")
    assert (predicted(sql, name), predicted(other, name)) == (100, 100)


@pytest.mark.parametrize("isolation", ["READ COMMITTED", "REPEATABLE READ", "SERIALIZABLE"])
def test_a_rollback_to_a_savepoint_undoes_a_deployment(sql, twice, isolation):
    name, one, two = twice
    made.deploy(sql, one)
    sql(f"BEGIN ISOLATION LEVEL {isolation}")
    seen = []
    for _ in range(3):
        sql("SAVEPOINT a")
        seen.append(predicted(sql, name))
        made.deploy(sql, two)
        seen.append(predicted(sql, name))
        sql("ROLLBACK TO a")
        seen.append(predicted(sql, name))
        sql("RELEASE a")
    assert seen == [1, 100, 1] * 3


def test_a_transaction_that_had_a_number_before_another_ended(sql, twice, connect):
    """Both of its snapshots have the same limits, and the own change is in neither list of transactions."""
    name, one, two = twice
    made.deploy(sql, one)
    older, other = connect(), connect()
    older("BEGIN; SELECT txid_current()")
    sql("BEGIN; SELECT txid_current()")
    other("CREATE TEMP TABLE between ()")
    assert predicted(sql, name) == 1
    made.deploy(sql, two)
    sql("COMMIT")
    assert predicted(sql, name) == 100
    older("ROLLBACK")


@pytest.mark.parametrize("isolation", ["READ COMMITTED", "REPEATABLE READ"])
def test_in_a_function_of_plpgsql(sql, twice, isolation):
    """Such a function keeps its expressions, and what a call has kept, for the whole transaction."""
    name, one, two = twice
    made.deploy(sql, one)
    sql(
        f"""
        CREATE FUNCTION seen() RETURNS text LANGUAGE plpgsql AS $$
        DECLARE
            answers text := '';
        BEGIN
            FOR i IN 1..3 LOOP
                answers := answers || round(pgml.predict('{name}', 1.0)) || ' ';
                BEGIN
                    PERFORM pgml.__write('deploy', {two}::bigint, 'specific'::text, 'a test'::text);
                    answers := answers || round(pgml.predict('{name}', 1.0)) || ' ';
                    RAISE EXCEPTION 'undone';
                EXCEPTION WHEN raise_exception THEN NULL;
                END;
                answers := answers || round(pgml.predict('{name}', 1.0)) || ' ';
            END LOOP;
            PERFORM pgml.__write('deploy', {two}::bigint, 'specific'::text, 'a test'::text);
            RETURN answers || round(pgml.predict('{name}', 1.0));
        END $$
        """
    )
    sql(f"BEGIN ISOLATION LEVEL {isolation}")
    assert sql.value("SELECT seen()") == "1 100 1 " * 3 + "100"
    sql("ROLLBACK")
    assert predicted(sql, name) == 1


def test_in_a_procedure_that_commits(sql, twice):
    name, one, two = twice
    made.deploy(sql, one)
    sql(
        f"""
        CREATE PROCEDURE commits(INOUT answers text) LANGUAGE plpgsql AS $$
        BEGIN
            FOR i IN 1..4 LOOP
                PERFORM pgml.__write('deploy', (CASE WHEN i % 2 = 0 THEN {one} ELSE {two} END)::bigint, 'specific'::text, 'a'::text);
                IF i < 4 THEN COMMIT; ELSE ROLLBACK; END IF;
                answers := answers || ' ' || round(pgml.predict('{name}', 1.0));
            END LOOP;
        END $$
        """
    )
    assert sql("CALL commits('')") == [(" 100 1 100 100",)]


def test_a_cursor_keeps_its_snapshot(sql, twice, connect):
    name, one, two = twice
    made.deploy(sql, one)
    other = connect()
    sql("BEGIN")
    sql(f"DECLARE c CURSOR FOR SELECT round(pgml.predict('{name}', x) / x) FROM s ORDER BY x")
    assert sql("FETCH 5 FROM c") == [(1,)] * 5
    made.deploy(other, two)
    assert sql("FETCH 5 FROM c") == [(1,)] * 5
    made.deploy(sql, two)
    assert predicted(sql, name) == 100
    assert sql("FETCH ALL FROM c") == [(1,)] * 10
    sql("COMMIT")


def test_a_snapshot_of_a_transaction_is_kept(sql, twice, connect):
    name, one, two = twice
    made.deploy(sql, one)
    other = connect()
    sql("BEGIN ISOLATION LEVEL REPEATABLE READ")
    assert predicted(sql, name) == 1
    made.deploy(other, two)
    assert (predicted(sql, name), predicted(other, name)) == (1, 100)
    exported = sql.value("SELECT pg_export_snapshot()")
    other("BEGIN ISOLATION LEVEL REPEATABLE READ")
    other(f"SET TRANSACTION SNAPSHOT '{exported}'")
    assert predicted(other, name) == 1
    other("COMMIT")
    sql("COMMIT")
    assert (predicted(sql, name), predicted(other, name)) == (100, 100)


def test_a_prepared_statement(sql, twice):
    name, one, two = twice
    sql("PREPARE p AS SELECT round(pgml.predict($1::text, $2::float8))")
    for model, wanted in ((one, 1), (two, 100)):
        made.deploy(sql, model)
        assert [sql.value(f"EXECUTE p('{name}', 1)") for _ in range(8)] == [wanted] * 8
    sql("DEALLOCATE p")


# --- rights ---


@pytest.mark.parametrize("isolation", ["READ COMMITTED", "REPEATABLE READ"])
def test_set_role_between_statements(sql, twice, role, isolation):
    name, one, _ = twice
    made.deploy(sql, one)
    sql(f"BEGIN ISOLATION LEVEL {isolation}")
    assert predicted(sql, name) == 1
    sql(f"SET LOCAL ROLE {role}; SAVEPOINT a")
    error = sql.fails(f"SELECT pgml.predict('{name}', 1.0)")
    assert (error.sqlstate, error.message) == ("42704", f'project "{name}" does not exist')
    sql("ROLLBACK TO a")
    error = sql.fails(f"SELECT pgml.predict({one}, 1.0)")
    assert (error.sqlstate, error.message) == ("42704", f"model {one} does not exist")
    sql("ROLLBACK TO a; RESET ROLE")
    assert predicted(sql, name) == 1


def test_a_right_that_is_taken_away(sql, twice, role, connect):
    """A right is looked up in every statement, of a transaction with one snapshot too."""
    name, one, _ = twice
    made.deploy(sql, one)
    session = connect()
    sql(f"CREATE ROLE {role}_group NOLOGIN")
    sql(f"UPDATE pgml.__projects SET readers = ARRAY['{role}_group'::regrole] WHERE name = '{name}'")
    try:
        for isolation in ("READ COMMITTED", "REPEATABLE READ"):
            sql(f"GRANT {role}_group TO {role}")
            session(f"SET ROLE {role}")
            session(f"BEGIN ISOLATION LEVEL {isolation}")
            assert predicted(session, name) == 1
            sql(f"REVOKE {role}_group FROM {role}")
            assert session.fails(f"SELECT pgml.predict('{name}', 1.0)").sqlstate == "42704"
            session("ROLLBACK")
    finally:
        sql(f"UPDATE pgml.__projects SET readers = '{{}}' WHERE name = '{name}'")
        sql(f"DROP ROLE {role}_group")


# --- parallel workers, errors and memory ---


def test_parallel_workers_predict_the_same(sql, twice):
    name, one, _ = twice
    made.deploy(sql, one)
    sql("CREATE TABLE many AS SELECT i::float8 AS x FROM generate_series(1, 50000) AS i; ANALYZE many")
    query = f"SELECT sum(pgml.predict('{name}', x)), sum(pgml.predict('{name}', many)) FROM many"
    (serial,) = sql(query)
    sql(
        "SET max_parallel_workers_per_gather = 2; SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0;"
        " SET min_parallel_table_scan_size = 0; SET parallel_leader_participation = off"
    )
    plan = str(sql(f"EXPLAIN (ANALYZE, COSTS off, TIMING off) {query}"))
    assert "Workers Launched: 2" in plan or "Workers Launched: 1" in plan
    assert sql(query)[0] == pytest.approx(serial, rel=1e-12)
    # a deployment of the transaction, not committed, is seen by its workers
    sql("BEGIN")
    made.deploy(sql, twice[2])
    assert sql(query)[0] == pytest.approx([100 * value for value in serial], rel=1e-12)
    sql("ROLLBACK")


def test_an_error_leaves_nothing_half_made(sql, twice):
    name, one, _ = twice
    made.deploy(sql, one)
    for given in ("1, 2", "'{\"y\": 1}'", "'a'", "ROW('a'::text)", "ARRAY['a', 'b']"):
        before = predicted(sql, name)
        sql.fails(f"SELECT pgml.predict('{name}', {given})")
        assert predicted(sql, name) == before == 1


def test_altered_bytes_are_an_error_and_not_kept(sql, twice):
    """A model of the right length with another byte in it: the checksum differs."""
    name, one, _ = twice
    made.deploy(sql, one)
    assert predicted(sql, name) == 1
    sql("BEGIN")
    byte = "set_byte(model, length(model) - 9, get_byte(model, length(model) - 9) # 1)"
    sql(f"UPDATE pgml.__models SET model = {byte} WHERE id = {one}; SAVEPOINT a")
    for _ in range(2):
        assert sql.fails(f"SELECT pgml.predict('{name}', 1.0)").sqlstate == "22P03"
        sql("ROLLBACK TO a")
    sql("ROLLBACK")
    assert predicted(sql, name) == 1


def test_memory_does_not_grow_with_statements(sql, twice):
    name, one, two = twice
    used = "SELECT sum(total_bytes) FROM pg_backend_memory_contexts"
    before = None
    for turn in range(4):
        for _ in range(100):
            made.deploy(sql, (one, two)[turn % 2])
            assert math.isfinite(
                sql.value(f"SELECT pgml.predict('{name}', r) FROM (SELECT 1.0 AS x, 2 AS y) AS r")
            )
            sql(f"SELECT pgml.predict('{name}', s), pgml.predict('{name}', to_jsonb(s)) FROM s")
        if turn == 1:
            before = sql.value(used)
    assert sql.value(used) - before < 100_000
