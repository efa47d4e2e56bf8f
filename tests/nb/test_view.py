"""nb_create_view: a view as any other, whatever comes after it."""

import pytest

from tests.nb.conftest import call

ODD = """
    CREATE TYPE size AS ENUM ('lo', 'hi'); CREATE DOMAIN word AS text CHECK (VALUE <> '');
    CREATE TABLE "T ""q" (
        "Select" float8, size size, word word, half numeric, list float8[], doc jsonb, place point, day date,
        y text, twice float8 GENERATED ALWAYS AS ("Select" * 2) STORED
    );
    INSERT INTO "T ""q"
    SELECT i, (ARRAY['lo', 'hi'])[1 + i % 2]::size, 'd' || i % 3, (i % 3) / 2.0, ARRAY[i], '{}', '(1,2)',
           date '2020-01-01' + i % 2, 'y' || i / 7 % 2
    FROM generate_series(1, 40) AS i
"""
FEATURES = '"Select", size, word, half'
VIEW = 'SELECT day, "Select", prediction FROM "V v" ORDER BY 1, 2'


@pytest.fixture
def view(sql, schema):
    """Its full name: over a table with names and types of all kinds, by a model with groups."""
    sql(ODD)
    sql(call(FEATURES, source='"T ""q"', output='"M m"', grouping_cols="day", categorical_cols="half"))
    assert sql.value("""SELECT madlib.nb_create_view('"M m"', '"T ""q"', '"V v"')""") == f'{schema}."V v"'
    return f'{schema}."V v"'


def test_columns_of_any_type(sql, view):
    sql("""SELECT madlib.nb_predict('"M m"', '"T ""q"', 'p')""")
    assert sql(VIEW) == sql('SELECT day, "Select", prediction FROM p ORDER BY 1, 2')
    types = "SELECT attname, atttypid::regtype::text FROM pg_attribute WHERE attrelid = '{}'::regclass"
    of_table = sql(types.format('"T ""q"') + " AND attnum > 0")
    assert sql(types.format('"V v"') + " AND attnum > 0") == [*of_table, ("prediction", "text")]


def test_its_definition_makes_it_again(sql, view, schema):
    """The definition of the view, as a dump writes it, is read back with an empty search_path."""
    before = sql(VIEW)
    sql("SET search_path = ''")
    definition = sql.value(f"SELECT pg_get_viewdef('{view}'::regclass)")
    sql(f"DROP VIEW {view}")
    sql(f"CREATE VIEW {view} AS {definition}")
    assert sql.value(f"SELECT pg_get_viewdef('{view}'::regclass)") == definition
    sql(f"SET search_path = {schema}")
    assert sql(VIEW) == before


def test_a_right_to_the_view_is_enough(sql, view, role, schema, connect):
    sql(f"GRANT USAGE ON SCHEMA {schema} TO {role}; GRANT SELECT ON {view} TO {role}")
    reader = connect(user=role)
    assert reader(f"SELECT count(prediction) FROM {view}") == [(40,)]
    for table in ('"M m"', '"M m_summary"', '"T ""q"'):
        assert reader.fails(f"SELECT FROM {schema}.{table}").sqlstate == "42501"


def test_after_changes_of_the_source(sql, view):
    before = sql(VIEW)
    sql('ALTER TABLE "T ""q" ADD extra int; ALTER TABLE "T ""q" RENAME "Select" TO "from"')
    assert sql(VIEW) == before
    sql("ALTER TYPE size ADD VALUE 'mid'")
    sql(
        'INSERT INTO "T ""q" ("from", size, word, half, day) VALUES'
        " ('NaN', 'mid', 'new', 9, '2020-01-01'), ('Infinity', NULL, NULL, NULL, '2020-01-02'),"
        " (1, 'lo', 'd1', 1, '2030-01-01'), (1, 'lo', 'd1', 1, NULL)"
    )
    rows = sql('SELECT day::text, prediction IS NULL FROM "V v" WHERE y IS NULL ORDER BY 1')
    assert rows == [("2020-01-01", False), ("2020-01-02", False), ("2030-01-01", True), (None, True)]
    assert sql.fails('ALTER TABLE "T ""q" DROP word').sqlstate == "2BP01"
    assert sql.fails('ALTER TABLE "T ""q" ALTER word TYPE varchar').sqlstate == "0A000"


def test_over_a_temporary_table(sql, view):
    """A view over one is temporary itself, and is so by PostgreSQL's own rule."""
    sql('CREATE TEMP TABLE mine AS TABLE "T ""q"')
    made = sql.value("""SELECT madlib.nb_create_view('"M m"', 'mine', 'pg_temp.w')""")
    assert sql.value(f"SELECT count(prediction) FROM {made}") == 40
