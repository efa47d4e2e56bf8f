"""Relations: what can be read, and where a table can be made."""

import pytest

from madpy.errors import MadpyError
from madpy.helper import helper
from madpy.ports.postgres.session.sql import Relation

exists = vars(helper)["__check_rel_exist"]
has_column = vars(helper)["__check_rel_column"]


def refused(check, *arguments, **named) -> tuple[str, str, str | None]:
    with pytest.raises(MadpyError) as error:
        check(*arguments, **named)
    return error.value.sqlstate, error.value.message, error.value.hint


@pytest.fixture
def houses(db) -> None:
    db.execute('CREATE TABLE houses (id int, price float8, "fixed acidity" float8, "Cap" int, plant text)')


def test_check_rel_exist(db, houses, schema):
    assert exists("houses", db) == (schema, "houses")
    assert exists(f'{schema.upper()} . "houses"', db) == (schema, "houses")
    assert exists("pg_class", db) == ("pg_catalog", "pg_class")
    assert [exists(name, db) for name in ("nope", '"Houses"', f"{schema}.nope", "a b", "", "a.b.c")] == [
        None
    ] * 6


def test_check_rel_column(db, houses, schema):
    assert has_column("houses", "ID", db=db) == (schema, "houses", "id")
    assert has_column("houses", '"fixed acidity"', db=db) == (schema, "houses", "fixed acidity")
    assert has_column("houses", "price", "float8", db=db) == (schema, "houses", "price", "double precision")
    assert has_column("houses", "price", "text", db=db) is None
    assert has_column("houses", "price", "no_such_type", db=db) is None
    assert has_column("houses", "cap", db=db) is None
    assert has_column("nope", "id", db=db) is None


def test_without_a_database_they_use_the_session(db, houses, schema):
    assert exists("houses") == (schema, "houses")
    assert has_column("houses", "id") == (schema, "houses", "id")


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE VIEW s AS SELECT * FROM houses",
        "CREATE MATERIALIZED VIEW s AS SELECT * FROM houses",
        "CREATE TABLE s (a int) PARTITION BY RANGE (a)",
        "CREATE FOREIGN DATA WRAPPER w_s; CREATE SERVER w_s FOREIGN DATA WRAPPER w_s;"
        " CREATE FOREIGN TABLE s (a int) SERVER w_s",
    ],
    ids=["view", "materialized view", "partitioned", "foreign"],
)
def test_a_source_of_each_kind(db, houses, schema, statement):
    with pytest.raises(ZeroDivisionError), db.atomic():
        db.execute("{s:q}", s=statement)
        assert helper.check_source(db, "s") == Relation(schema, "s")
        raise ZeroDivisionError


def test_a_temporary_source(db, houses):
    db.execute("CREATE TEMP TABLE houses (a int)")
    assert helper.check_source(db, "houses").schema.startswith("pg_temp_")
    assert helper.check_source(db, "pg_temp.houses").schema.startswith("pg_temp_")


@pytest.mark.parametrize(
    "name", ["Weird Name", 'a"b', "x; DROP TABLE houses", "a.b", "été", 'a") FROM pg_shadow; --']
)
def test_names_that_need_quotes_work(db, houses, schema, name):
    written = '"' + name.replace('"', '""') + '"'
    assert helper.check_new_table(db, written) == Relation(schema, name)
    db.execute("CREATE TABLE {t:i} (a int)", t=name)
    assert helper.check_source(db, written) == Relation(schema, name)
    assert exists("houses", db)


def test_a_missing_source(db, houses, schema):
    assert refused(helper.check_source, db, "house") == (
        "42P01",
        'table "house" does not exist',
        "Did you mean houses?",
    )
    assert (
        refused(helper.check_source, db, "zzz")[2]
        == f"Write schema.table: the search path is {schema}, public."
    )
    assert refused(helper.check_source, db, "no_schema.zzz") == (
        "42P01",
        'table "no_schema.zzz" does not exist',
        'Check the name: there is no schema "no_schema".',
    )
    db.execute("SET search_path = public")
    assert refused(helper.check_source, db, "houses")[2] == f"Did you mean {schema}.houses?"


def test_what_is_no_name_and_what_is_no_table(db, houses):
    db.execute("CREATE INDEX ix ON houses (id); CREATE SEQUENCE sq; CREATE TYPE ct AS (a int)")
    assert refused(helper.check_source, db, "Weird Name") == (
        "42602",
        'source_table: "Weird Name" is not a table name',
        'Write a name with spaces, capitals or other signs in double quotes: "Weird Name".',
    )
    assert refused(helper.check_source, db, "houses; DROP TABLE houses")[0] == "42602"
    assert refused(helper.check_source, db, None)[:2] == ("22004", "source_table must not be null")
    assert refused(helper.check_source, db, " ")[:2] == ("42602", "source_table must not be empty")
    assert refused(helper.check_source, db, "ix")[:2] == ("42809", '"ix" is an index')
    assert refused(helper.check_source, db, "sq")[:2] == ("42809", '"sq" is a sequence')
    assert refused(helper.check_source, db, "ct")[:2] == ("42809", '"ct" is a composite type')


def test_rights(db, houses, sql, role, schema):
    db.execute("SET ROLE {role:i}", role=role)
    assert refused(helper.check_source, db, f"{schema}.houses") == (
        "42501",
        f'permission denied for schema "{schema}"',
        f"Ask its owner for GRANT USAGE ON SCHEMA {schema}.",
    )
    sql(f"GRANT USAGE ON SCHEMA {schema} TO {role}")
    assert refused(helper.check_source, db, "houses") == (
        "42501",
        'permission denied for table "houses"',
        f"Ask its owner for GRANT SELECT ON {schema}.houses.",
    )
    assert refused(helper.check_new_table, db, "model")[:2] == (
        "42501",
        f'permission denied for schema "{schema}"',
    )
    sql(f"GRANT SELECT (id) ON houses TO {role}; GRANT CREATE ON SCHEMA {schema} TO {role}")
    assert helper.check_source(db, "houses") == Relation(schema, "houses")
    assert helper.check_new_table(db, "model") == Relation(schema, "model")


def test_a_new_table_must_be_free(db, houses, schema):
    db.execute("CREATE DOMAIN kind AS int")
    assert helper.check_new_table(db, "Model") == Relation(schema, "model")
    assert helper.check_new_table(db, "pg_temp.model") == Relation("pg_temp", "model")
    assert refused(helper.check_new_table, db, "houses") == (
        "42P07",
        'output table "houses" already exists',
        "Drop it or choose another name.",
    )
    assert refused(helper.check_new_table, db, "kind")[:2] == ("42P07", 'output table "kind" already exists')
    source = helper.check_source(db, "houses")
    assert refused(helper.check_new_table, db, "houses", source)[:2] == (
        "42P07",
        'output table "houses" is the source table itself',
    )


def test_a_new_table_needs_a_schema(db):
    assert refused(helper.check_new_table, db, "no_schema.t") == (
        "3F000",
        'schema "no_schema" does not exist',
        "Create it first: CREATE SCHEMA no_schema.",
    )
    assert refused(helper.check_new_table, db, "pg_catalog.t")[:2] == (
        "42501",
        'schema "pg_catalog" belongs to the server',
    )
    db.execute("SET search_path = ''")
    assert refused(helper.check_new_table, db, "t")[:2] == ("3F000", 'no schema to create "t" in')


def test_a_name_is_never_cut_off(db, houses, schema):
    assert helper.check_new_table(db, "t" * 63) == Relation(schema, "t" * 63)
    assert refused(helper.check_new_table, db, "t" * 64)[0] == "42622"
    assert made(db, "t" * 55)[0] == Relation(schema, "t" * 55)
    assert refused(made, db, "t" * 56) == (
        "42622",
        f'output_table: the name "{"t" * 56}" is too long',
        "Choose a name of at most 55 bytes.",
    )
    assert refused(made, db, "é" * 28)[0] == "42622"  # 56 bytes


def test_the_summarys_name_must_be_free_too(db, houses, schema):
    assert made(db, '"a""b"')[1] == Relation(schema, 'a"b_summary')
    db.execute("CREATE TABLE {t:i} ()", t='a"b_summary')
    assert refused(made, db, '"a""b"')[:2] == (
        "42P07",
        'summary table "a"b_summary" already exists',
    )


def made(db, name):
    """The tables of a training from houses."""
    _, tables = helper.check_source_and_new_tables(db, "houses", name, ["_summary"])
    return tables


def test_full_names(db, schema):
    db.execute('CREATE TABLE "order" (id int)')
    source, tables = helper.check_source_and_new_tables(db, '"order"', '"My model"', ["_summary"])
    assert source.full_name == f'{schema}."order"'
    assert [target.full_name for target in tables] == [
        f'{schema}."My model"',
        f'{schema}."My model_summary"',
    ]
