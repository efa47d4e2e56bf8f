"""Attacks on the function that writes the tables of projects."""

import pg
import pytest

from tests.projects import made
from tests.projects.made import fresh


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
