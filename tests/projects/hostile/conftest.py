"""A role that may do nothing but log in and make objects in a schema of its own, and what it attacks."""

import pytest

from tests.projects import made


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
