"""Attacks by code that runs with the rights of others."""

import pytest

from tests.projects import made
from tests.projects.made import fresh


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
