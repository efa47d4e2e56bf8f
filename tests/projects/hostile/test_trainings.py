"""Attacks by the arguments of a training."""

import pg
import pytest

from tests.projects import made
from tests.projects.made import fresh

COLUMN = 'a")from x;alter role y superuser;select 1--'


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
