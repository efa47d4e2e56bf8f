"""Attacks of a role that may do nothing but log in and make objects in a schema of its own."""

import pg
import pytest

from madpy.modules.sk.layout import MODEL_SK
from madpy.ports.postgres.model import pack, unpack
from tests.projects import made
from tests.projects.made import fresh

COLUMN = 'a")from x;alter role y superuser;select 1--'


@pytest.fixture
def mallory(sql, schema, roles, connect):
    """A session of a role without rights, in the test's schema."""
    session = connect(user=roles("mallory"))
    session(f"SET search_path = {schema}")
    session.name = f"{schema}_mallory"
    return session


@pytest.fixture
def owned(sql, table, name):
    """A project of the superuser's with a deployed model: the numbers of it, its snapshot and its model."""
    project = made.project(sql, name)
    snapshot = made.snapshot(sql, project)
    model = made.model(sql, project, snapshot, made.ridge(sql), score=0.9)
    made.deploy(sql, model)
    return project, snapshot, model


def state(sql):
    """All that projects have, and who is a superuser."""
    tables = ("__projects", "__snapshots", "__models", "__trials", "__deployments")
    return [sql(f"SELECT * FROM pgml.{table} AS t ORDER BY t::text") for table in tables], sql(
        "SELECT rolname FROM pg_roles WHERE rolsuper ORDER BY 1"
    )


def functions(sql):
    """The functions behind __write: name and types of arguments."""
    return sql(
        """
        SELECT p.proname, array_agg(format_type(t, NULL) ORDER BY n)
        FROM pg_proc AS p, unnest(proargtypes::oid[]) WITH ORDINALITY AS a (t, n)
        WHERE pronamespace = 'pgml'::regnamespace AND prosecdef
        GROUP BY p.oid, p.proname ORDER BY p.proname
        """
    )


# --- the way to write ---


def test_functions_behind_write_are_not_called_directly(sql, mallory, owned):
    before = state(sql)
    known = functions(sql)
    assert len(known) > 10
    for name, types in known:
        arguments = ", ".join(f"NULL::{one}" for one in types)
        assert mallory.fails(f"SELECT pgml.{name}({arguments})").sqlstate == "42501"
    for call in ("__caller()", "__caller_may(10::oid::regrole, '{}')"):
        error = mallory.fails(f"SELECT pgml.{call}")
        assert (error.sqlstate, error.message) == ("55000", "this function is called by __write only")
    assert state(sql) == before


def test_write_with_null_in_every_argument(sql, mallory, owned):
    before = state(sql)
    for name, types in functions(sql):
        if name.startswith("__do_") and name != "__do_check_name":  # a name that is NULL is free
            given = ", ".join(f"NULL::{one}" for one in types)
            assert mallory.fails(f"SELECT pgml.__write('{name[5:]}', {given})").sqlstate in (
                "42704", "23502", "22004", "42501",
            ), name  # fmt: skip
    assert state(sql) == before


def test_write_with_types_that_no_function_takes(sql, mallory, owned):
    before = state(sql)
    for name, types in functions(sql):
        if not name.startswith("__do_"):
            continue
        for wrong in ("1::integer", "'1'", "NULL", "'x'::varchar", "ROW(1)", "ARRAY[1]"):
            given = ", ".join([wrong] * len(types))
            assert mallory.fails(f"SELECT pgml.__write('{name[5:]}', {given})").sqlstate == "42883", name
        too_many = ", ".join(["1::bigint"] * (len(types) + 5))
        assert mallory.fails(f"SELECT pgml.__write('{name[5:]}', {too_many})").sqlstate in ("42883", "54023")
    assert state(sql) == before


@pytest.mark.parametrize(
    ("call", "sqlstate"),
    [
        ("NULL, 1", "22023"),
        ("'drop_project', VARIADIC ARRAY[1::bigint]", "22023"),
        ("'', 1::bigint", "42883"),
        ("'no_such_thing', 1::bigint", "42883"),
        ("'../x', 1::bigint", "42883"),
        ("repeat('x', 100000), 1::bigint", "42883"),
        ("'deploy(1);drop table x', 1::bigint", "42883"),
    ],
)
def test_write_of_what_there_is_not(mallory, call, sqlstate):
    assert mallory.fails(f"SELECT pgml.__write({call})").sqlstate == sqlstate


def test_a_domain_over_a_type_of_a_function_is_another_type(mallory, owned):
    mallory("CREATE FUNCTION always(bigint) RETURNS boolean LANGUAGE sql AS 'SELECT true'")
    mallory("CREATE DOMAIN number AS bigint CHECK (always(value))")
    assert mallory.fails(f"SELECT pgml.__write('drop_project', {owned[0]}::number)").sqlstate == "42883"


def test_facts_are_only_the_columns_that_are_meant(sql, mallory):
    """No number, owner, time or project of a row is what a caller says it is."""
    project = made.project(mallory, fresh("mallory"))
    hidden = {"id": 1, "project_id": 1, "created_by": "madpy", "created_at": "1999-01-01", "model": "\\x41"}
    snapshot = made.snapshot(mallory, project, **hidden)
    model = made.model(mallory, project, snapshot, "NULL::bytea", **hidden)
    rows = mallory.rows(f"SELECT * FROM pgml.snapshots WHERE id = {snapshot}")
    rows += mallory.rows(f"SELECT * FROM pgml.models WHERE id = {model}")
    assert [row["created_by"] for row in rows] == [mallory.name] * 2
    assert [row["project_id"] for row in rows] == [project] * 2
    assert rows[1]["model"] is None
    assert all(row["created_at"] > "2000" for row in map(texts, rows))


def texts(row):
    return {name: str(value) for name, value in row.items()}


def test_a_model_belongs_to_the_project_of_its_snapshot(mallory, owned):
    mine = made.project(mallory, fresh("mallory"))
    _, snapshot, model = owned
    with pytest.raises(pg.IntegrityError, match="violates foreign key constraint"):
        made.model(mallory, mine, snapshot)
    for what in ("deploy', {}::bigint, 'specific'::text, 'x'::text", "add_trials', {}::bigint, '[]'::jsonb"):
        error = mallory.fails(f"SELECT pgml.__write('{what.format(model)})")
        assert (error.sqlstate, error.message) == ("42704", f"model {model} does not exist")


def test_a_project_that_is_not_seen_is_not_locked(sql, mallory, connect, owned):
    """Nobody else's call waits, whatever a stranger holds open."""
    mallory("BEGIN")
    mallory("SAVEPOINT s")
    assert mallory.fails(f"SELECT pgml.__write('lock', {owned[0]}::bigint)").sqlstate == "42704"
    sql("SET lock_timeout = '2s'")
    made.deploy(sql, owned[2])
    # and the other way round: a stranger learns nothing by waiting
    sql("BEGIN")
    made.deploy(sql, owned[2])
    mallory("ROLLBACK TO s; SET lock_timeout = '2s'")
    assert mallory.fails(f"SELECT pgml.__write('lock', {owned[0]}::bigint)").sqlstate == "42704"
    sql("ROLLBACK")
    sql("RESET lock_timeout")


# --- whose rights ---


def attempt(mallory, schema, project):
    """SQL of PL/pgSQL that tries to drop a project of the superuser's, and logs what came of it."""
    mallory("CREATE TABLE log (sqlstate text)")
    mallory("GRANT ALL ON log TO PUBLIC")
    return f"""
        BEGIN
            PERFORM pgml.__write('drop_project', {project}::bigint);
            INSERT INTO {schema}.log VALUES ('done');
        EXCEPTION WHEN OTHERS THEN INSERT INTO {schema}.log VALUES (SQLSTATE);
        END;"""


def test_a_function_with_its_owners_rights_has_no_more_than_these(sql, schema, mallory, owned):
    """The caller is the role whose rights count now, not the session's."""
    body = attempt(mallory, schema, owned[0])
    mallory(f"CREATE FUNCTION act() RETURNS void LANGUAGE plpgsql SECURITY DEFINER AS $$BEGIN {body} END$$")
    sql("SELECT act()")
    assert mallory("SELECT sqlstate FROM log") == [("42704",)]


@pytest.mark.parametrize("command", ["REINDEX TABLE x", "ANALYZE x", "VACUUM FULL x"])
def test_an_expression_of_an_index_has_the_rights_of_the_tables_owner(sql, schema, mallory, owned, command):
    """The body is VOLATILE, which an index takes if the function around it is declared otherwise."""
    body = attempt(mallory, schema, owned[0])
    mallory(f"CREATE FUNCTION act() RETURNS void LANGUAGE plpgsql AS $$BEGIN {body} END$$")
    mallory(
        f"""
        CREATE FUNCTION f(i integer) RETURNS integer IMMUTABLE LANGUAGE plpgsql AS
        $$BEGIN PERFORM {schema}.act(); RETURN i; END$$
        """
    )
    mallory("CREATE TABLE x AS SELECT 1 AS i")
    mallory("CREATE INDEX ON x (f(i))")
    mallory("DELETE FROM log")
    sql(command)
    assert set(mallory("SELECT sqlstate FROM log")) == {("42704",)}


def test_a_trigger_has_the_rights_of_who_changes_the_table(sql, schema, mallory, owned):
    """Those of the role that inserts, as everywhere in PostgreSQL: mallory's own insert drops nothing."""
    body = attempt(mallory, schema, owned[0])
    mallory(f"CREATE FUNCTION act() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN {body} RETURN NEW; END$$")
    mallory("CREATE TABLE x (i int)")
    mallory("CREATE TRIGGER act BEFORE INSERT ON x FOR EACH ROW EXECUTE FUNCTION act()")
    mallory("INSERT INTO x VALUES (1)")
    assert mallory("SELECT sqlstate FROM log") == [("42704",)]


def test_set_role_is_followed(sql, mallory, owned):
    sql(f"SET ROLE {mallory.name}")
    assert sql.fails(f"SELECT pgml.__write('drop_project', {owned[0]}::bigint)").sqlstate == "42704"
    project = made.project(sql, fresh("mallory"))
    sql("RESET ROLE")
    assert sql.value(f"SELECT owner::text FROM pgml.projects WHERE id = {project}") == mallory.name


def test_after_an_error_nobody_is_the_caller(mallory):
    mallory.fails("SELECT pgml.__write('drop_project', 1::bigint)")
    mallory("BEGIN")
    mallory("SAVEPOINT s")
    mallory.fails("SELECT pgml.__write('add_project', 'x'::text, 'no task'::text)")
    mallory("ROLLBACK TO s")
    assert mallory.fails("SELECT pgml.__caller()").sqlstate == "55000"


# --- views ---


LEAK = """
    CREATE FUNCTION leak(x anyelement) RETURNS boolean LANGUAGE plpgsql COST 0.0000001 AS $$
    BEGIN
        RAISE WARNING 'seen: %', x;
        RETURN true;
    END $$;
    CREATE FUNCTION leak(x text, y text) RETURNS boolean LANGUAGE plpgsql COST 0.0000001 AS $$
    BEGIN
        RAISE WARNING 'seen: %', x;
        RETURN true;
    END $$;
    CREATE OPERATOR <<< (leftarg = text, rightarg = text, function = leak);
"""


@pytest.mark.parametrize(
    "query",
    [
        "SELECT FROM pgml.{view} AS v WHERE leak(v::text)",
        "SELECT FROM pgml.{view} AS v WHERE v::text <<< 'x'",
        "SELECT FROM pgml.{view} AS v JOIN pgml.projects AS p ON leak(v::text) WHERE leak(p.name)",
        "SELECT leak(v::text) FROM pgml.{view} AS v",
        "SELECT count(*) FILTER (WHERE leak(v::text)) FROM pgml.{view} AS v",
        "SELECT FROM pgml.{view} AS v WHERE CASE WHEN v IS NULL THEN true ELSE leak(v::text) END",
        "SELECT FROM (SELECT v::text AS x FROM pgml.{view} AS v OFFSET 0) AS s WHERE leak(x)",
    ],
)
def test_a_function_in_a_query_of_a_view_sees_no_row_of_others(sql, mallory, owned, query):
    mallory(LEAK)
    for (view,) in sql(
        "SELECT relname FROM pg_class WHERE relnamespace = 'pgml'::regnamespace AND relkind = 'v'"
    ):
        mallory(query.format(view=view))
        assert mallory.warnings == [], view


def test_a_view_over_the_views_shows_each_role_its_own(sql, schema, mallory, owned):
    """A view of the superuser's does not give the superuser's projects to mallory."""
    sql("CREATE VIEW given AS SELECT name, id FROM pgml.projects")
    sql("GRANT SELECT ON given TO PUBLIC")
    assert mallory("SELECT FROM given") == []
    assert sql(f"SELECT FROM given WHERE id = {owned[0]}") != []


def test_statistics_of_the_tables_are_hidden(sql, mallory, owned):
    sql("ANALYZE pgml.__projects")
    sql("ANALYZE pgml.__models")
    assert mallory("SELECT FROM pg_stats WHERE schemaname = 'pgml'") == []


# --- names ---


@pytest.fixture
def shadows(mallory, schema):
    """Objects of mallory's with the names of the server's and of madpy's, which set a flag."""
    mallory("CREATE TABLE flag (who text)")
    mallory("GRANT ALL ON flag TO PUBLIC")
    evil = f"BEGIN INSERT INTO {schema}.flag VALUES (current_user); RETURN true; END"
    for arguments in (
        "bigint, bigint",
        "text, text",
        "oid, oid",
        "regrole, regrole",
        "name, name",
        "bigint, int",
    ):
        left, right = arguments.split(", ")
        mallory(f"CREATE FUNCTION evil({arguments}) RETURNS boolean LANGUAGE plpgsql AS $${evil}$$")
        mallory(f"CREATE OPERATOR = (leftarg = {left}, rightarg = {right}, function = evil)")
        mallory(f"CREATE OPERATOR <> (leftarg = {left}, rightarg = {right}, function = evil)")
    body = f"BEGIN INSERT INTO {schema}.flag VALUES (current_user); RETURN NULL; END"
    for signature, result in {
        "now()": "timestamptz",
        "format(text, VARIADIC text[])": "text",
        "to_regclass(text)": "regclass",
        "coalesce_(text)": "text",
        "jsonb_populate_record(anyelement, jsonb)": "anyelement",
        "count(bigint)": "bigint",
        "__may(regrole, regrole[])": "boolean",
        "__check_may(bigint, boolean)": "boolean",
        "round(double precision)": "double precision",
    }.items():
        mallory(f"CREATE FUNCTION {signature} RETURNS {result} LANGUAGE plpgsql AS $${body}$$")
    mallory("CREATE TABLE __projects (id bigint, name text)")
    mallory("CREATE TABLE pg_roles (oid oid, rolname name)")
    for name in ("bytea", "jsonb", "regrole"):
        mallory(f"CREATE TYPE {name} AS (x int)")
    return lambda: mallory("SELECT DISTINCT who FROM flag")


def calls(name, model):
    return [
        f"SELECT pgml.predict('{name}', 2.0)",
        f"SELECT pgml.predict({model}, 2.0)",
        f"SELECT pgml.deploy('{name}')",
        f"SELECT pgml.deploy('{name}', 'most_recent')",
        f"SELECT pgml.deploy({model})",
        f"SELECT pgml.grant_project('{name}', 'madpy', 'trainer')",
        f"SELECT pgml.revoke_project('{name}', 'madpy')",
        f"SELECT pgml.transfer_project('{name}', 'madpy')",
        "SELECT pgml.load_dataset('linnerud')",
        "SELECT FROM pgml.overview",
        "SELECT FROM pgml.deployed_models",
        f"SELECT pgml.drop_project('{name}')",
    ]


def test_names_of_the_servers_functions_in_a_hostile_path(sql, schema, mallory, owned, name, shadows):
    """A superuser's calls, with mallory's schema first in the path, run nothing of mallory's."""
    sql(f"SET search_path = {schema}, pg_catalog")
    try:
        for call in calls(name, owned[2]):
            sql(call)
    finally:
        sql("SET search_path = pg_catalog")
        sql("DROP TABLE IF EXISTS pgml.linnerud")
    assert shadows() == []


def test_temporary_tables_that_have_the_names_of_others(sql, owned, name):
    for table in (
        "__projects",
        "__models",
        "__deployments",
        "projects",
        "models",
        "pg_roles",
        "pg_class",
        "t",
    ):
        sql(f"CREATE TEMP TABLE {table} AS SELECT 1 AS id, 'hidden' AS name")
    try:
        for call in calls(name, owned[2]):
            sql(call)
    finally:
        sql("DISCARD TEMP")
        sql("DROP TABLE IF EXISTS pgml.linnerud")


# --- values ---


@pytest.mark.parametrize(
    "evil",
    [COLUMN, "'; DROP TABLE pgml.__projects; --", "$$; SELECT 1/0; --", "{x:i}", "a\\'b", "%s %I", "a\nb"],
)
def test_names_of_projects_are_values(sql, mallory, evil):
    quoted = made.literal(evil)
    project = made.project(mallory, evil)
    snapshot = made.snapshot(mallory, project, relation_name=evil, y_column_name=[evil], test_column=evil)
    model = made.model(mallory, project, snapshot, algorithm=evil, metric=evil, score=0.5)
    assert mallory(f"SELECT * FROM pgml.deploy({quoted})") == [(evil, "best_score", evil, model)]
    assert mallory(f"SELECT * FROM pgml.deploy({quoted}, algorithm => {quoted})")[0][0] == evil
    mallory(f"SELECT pgml.grant_project({quoted}, 'madpy')")
    assert mallory.fails(f"SELECT pgml.grant_project({quoted}, {quoted})").sqlstate == "42704"
    assert mallory.fails(f"SELECT pgml.deploy({quoted}, {quoted})").sqlstate == "22023"
    mallory(f"SELECT pgml.drop_project({quoted})")
    assert sql(f"SELECT FROM pgml.projects WHERE id = {project}") == []


def test_bytes_of_a_model_that_are_altered_are_an_error_or_a_number(sql, schema, mallory, table):
    """Others predict by mallory's model, whose bytes no training made: numbers, or errors of these bytes."""
    sql("GRANT SELECT ON t TO PUBLIC")
    name = fresh("mallory")
    project = made.project(mallory, name)
    snapshot = made.snapshot(mallory, project)
    mallory(f"SELECT pgml.grant_project('{name}', 'madpy')")
    made.ridge(mallory)
    whole = mallory.value("SELECT model FROM made_model")
    header, arrays = unpack(whole, MODEL_SK)
    altered = [b"", b"\x00", whole[:-1], whole[:40], whole + b"x", whole[:60] + b"\xff" * 8 + whole[68:]]
    for at, array in enumerate(arrays):
        if array.dtype.kind == "i" and len(array):
            for value in (-(2**31), -1, 2**31 - 1):
                changed = [one.copy() for one in arrays]
                changed[at][0] = value
                altered.append(pack(MODEL_SK, header, changed))
    outcomes = set()
    for content in altered:
        model = made.model(mallory, project, snapshot, f"'\\x{content.hex()}'::bytea")
        made.deploy(mallory, model)
        for call in (f"'{name}', 2.0", f"{model}, 2.0", f"'{name}', t"):
            try:
                sql(f"SELECT pgml.predict({call}) FROM t LIMIT 2")
                outcomes.add("number")
            except pg.DatabaseError as error:
                assert error.sqlstate in ("22P03", "42809", "22021", "22023", "22003", "0A000"), error
                outcomes.add("error")
    assert "error" in outcomes
    assert sql.value("SELECT 1") == 1


def test_the_table_of_another_roles_training_is_not_read_again(sql, mallory, owned, name):
    """A trainer's snapshot names a view that would run the trainer's functions with the owner's rights."""
    sql(f"SELECT pgml.grant_project('{name}', '{mallory.name}', 'trainer')")
    made.snapshot(mallory, owned[0], relation_name="trap")
    error = sql.fails(f"SELECT pgml.train('{name}')")
    assert error.sqlstate == "22023"
    assert error.message == f'pgml.train: the last training was one of role "{mallory.name}"'
    assert error.hint == "Name the relation to read: trap."


# --- trainings ---


@pytest.mark.parametrize(
    "relation",
    [
        "t; DROP TABLE t",
        "t WHERE pg_sleep(1) IS NULL",
        "(SELECT 1) AS x",
        "t--",
        "pg_temp.t; x",
        "t, t AS u",
        "",
        "\\",
    ],
)
def test_a_relation_that_carries_another_statement(sql, table, name, relation):
    before = sql("SELECT count(*) FROM t")
    error = sql.refuses(f"SELECT pgml.train('{name}', 'regression', {made.literal(relation)}, 'y')")
    assert error.message.startswith("pgml.train: ")
    assert error.sqlstate in ("42602", "42P01", "22023")
    assert sql("SELECT count(*) FROM t") == before
    assert sql("SELECT FROM pg_tables WHERE tablename LIKE 'madpy_candidates%'") == []


def test_columns_and_tables_of_hostile_names(sql, schema, name):
    quoted = '"' + COLUMN.replace('"', '""') + '"'
    sql(f"CREATE TABLE {quoted} AS SELECT i::float8 AS {quoted}, 2.0 * i AS y FROM generate_series(1, 60) i")
    sql(f'ALTER TABLE {quoted} RENAME y TO "y\'; --"')
    target = made.literal('"y\'; --"')
    for more in (
        "",
        ", test_sampling => 'last', test_column => " + made.literal(COLUMN),
        ", search => 'grid', search_params => '{\"fit_intercept\": [true, false]}'",
    ):
        sql(f"SELECT pgml.train('{name}', 'regression', {made.literal(quoted)}, {target}, 'linear'{more})")
    assert sql.value(f"SELECT round(pgml.predict('{name}', t)) FROM {quoted} AS t LIMIT 1") == 2
    assert sql("SELECT rolname FROM pg_roles WHERE rolname = 'y'") == []


@pytest.mark.parametrize(
    "arguments",
    [
        """algorithm => '../../etc/passwd'""",
        """algorithm => 'os.system'""",
        """algorithm => 'ridge', hyperparams => '{"alpha": "/etc/passwd"}'""",
        """algorithm => 'ridge', hyperparams => '{"solver": "../../../tmp/x"}'""",
        """algorithm => 'ridge', hyperparams => '{"__class__": "os.system"}'""",
        """algorithm => 'bagging', hyperparams => '{"estimator": "/tmp/evil.pkl"}'""",
        """algorithm => 'ridge', search => 'grid', search_params => '{"alpha": ["/etc/passwd"]}'""",
        """algorithm => 'ridge', preprocess => '{"x": {"encode": "/etc/passwd"}}'""",
        """algorithm => 'ridge', metric => '__import__'""",
        """algorithm => 'ridge', test_sampling => 'group', test_column => 'x); DROP TABLE t; --'""",
        """algorithm => 'ridge', exclude => 'x; DROP TABLE t'""",
    ],
)
def test_paths_and_code_in_arguments_are_errors_of_the_call(sql, table, name, arguments):
    """No number comes of them, and no model: the call fails, or keeps a row that says why."""
    try:
        rows = sql(f"SELECT status FROM pgml.train('{name}', 'regression', 't', 'y', {arguments})")
    except pg.DatabaseError as error:
        assert "pgml.train: " in str(error)
        assert "No such file" not in str(error)
    else:
        assert rows == [("failed",)]
    assert sql(f"SELECT FROM pgml.trained_models WHERE project = '{name}'") == []
    assert sql.value("SELECT count(*) FROM t") == 100


def test_nobody_is_the_caller_while_a_view_is_read(schema, mallory):
    """A view's functions have the rights of the role that trains, as in any query, and no others."""
    mallory("CREATE TABLE callers (who text, caller text)")
    mallory(
        f"""
        CREATE FUNCTION spy(x float8) RETURNS float8 LANGUAGE plpgsql AS $$
        DECLARE
            caller text;
        BEGIN
            BEGIN
                caller := pgml.__caller();
            EXCEPTION WHEN OTHERS THEN caller := SQLSTATE;
            END;
            INSERT INTO {schema}.callers VALUES (current_user, caller);
            RETURN x;
        END $$
        """
    )
    mallory("CREATE VIEW spied AS SELECT spy(i::float8) AS x, 2.0 * i AS y FROM generate_series(1, 50) AS i")
    mallory(f"SELECT pgml.train('{fresh('mallory')}', 'regression', 'spied', 'y', 'ridge')")
    assert mallory("SELECT DISTINCT who, caller FROM callers") == [(mallory.name, "55000")]


def test_a_training_with_a_hostile_path(sql, schema, mallory, table, name, shadows):
    """The superuser's own table is read; functions, operators and types are the server's."""
    sql("CREATE TABLE numbers AS SELECT x, y FROM t")
    sql(f"SET search_path = {schema}, pg_catalog")
    sql(f"SELECT pgml.train('{name}', 'regression', '{schema}.numbers', 'y', 'ridge')")
    sql(f"SELECT pgml.train('{name}', algorithm => 'linear', test_sampling => 'last', test_column => 'x')")
    sql("SET search_path = pg_catalog")
    assert shadows() == []


@pytest.mark.parametrize(
    "facts",
    [
        {"features": "x"},
        {"features": [1]},
        {"features": [{"nme": "x"}]},
        {"features": [[{"name": "x"}]]},
        {"test_size": "NaN"},
        {"test_size": -1},
        {"test_sampling": "other"},
        {"test_sampling": "last"},
        {"metrics": "x"},
        {"hyperparams": []},
    ],
)
def test_rows_of_other_shapes_are_not_written(mallory, facts):
    """A trainer who writes by himself could have others' calls fail in Python."""
    mallory("BEGIN")
    project = made.project(mallory, fresh("Forged"))
    snapshot = made.snapshot(mallory, project, features=[{"name": "x"}])
    made.model(mallory, project, snapshot, metrics={"r2": 1})
    is_model = "metrics" in facts or "hyperparams" in facts
    given = made.as_json((made.FACTS if is_model else made.SNAPSHOT) | facts)
    call = (
        f"'add_model', {project}::bigint, {snapshot}::bigint, {given}, '\\x00'::bytea"
        if is_model
        else f"'add_snapshot', {project}::bigint, {given}"
    )
    error = mallory.fails(f"SELECT pgml.__write({call})")
    assert error.sqlstate in ("23514", "22023", "2203A")  # a constraint; functions of JSON
    mallory("ROLLBACK")
