"""Sources of all kinds: views, foreign tables, children by inheritance; names and rights."""

import pytest

from tests.methods import Method
from tests.session import Session
from tests.shards.conftest import COLUMNS, Far, add_server, foreign
from tests.shards.methods import METHODS
from tests.shards.test_same import alike

SOME = {name: METHODS[name] for name in ("regr", "logregr grouped", "nb", "summary")}
MORE = "the view does more than pick, compute and filter row by row"
SENT = {
    "all": "SELECT * FROM {}",
    "filtered": "SELECT * FROM {} WHERE x3 > 1 AND colour <> 'red' OR flag",
    "ordered": "SELECT y, x1, x2, x3, flag, colour, day FROM {} ORDER BY id",
    "computed": "SELECT y * 2 AS y, abs(x1) AS x1, x2, x3, NOT flag AS flag, colour, day FROM {}",
    "of a subquery": "SELECT * FROM (SELECT * FROM {} AS a WHERE x3 > 1) AS b WHERE y < 5",
    "with names for columns": (
        "SELECT a AS id, b AS y, c AS x1, d AS x2, e AS x3, f AS flag, g AS colour, i AS day"
        " FROM {} AS q(a, b, c, d, e, f, g, h, i)"
    ),
    "with a constant": "SELECT y, x1, 2.5::float8 AS x2, x3, flag, colour, day FROM {}",
}
FETCHED = {
    "a join": "SELECT r.* FROM {} AS r JOIN (VALUES (1), (2), (3)) AS w(p) ON p = place",
    "an aggregate": "SELECT y, x3, flag, colour, day, sum(x1) AS x1, 1 AS x2 FROM {} GROUP BY 1, 2, 3, 4, 5",
    "a limit": "SELECT * FROM {} ORDER BY id LIMIT 1500",
    "a union": "SELECT * FROM {0} WHERE id < 1000 UNION ALL SELECT * FROM {0} WHERE id > 2000",
    "distinct rows": "SELECT DISTINCT * FROM {}",
    "a window": "SELECT *, row_number() OVER (ORDER BY id) AS n FROM {}",
    "a common table expression": "WITH a AS (SELECT * FROM {}) SELECT * FROM a",
    "a subquery in WHERE": "SELECT * FROM {} WHERE place IN (SELECT generate_series(1, 3))",
    "a sample": "SELECT * FROM {} TABLESAMPLE SYSTEM (100)",
    "a whole row": "SELECT * FROM {} AS t WHERE t::text <> ''",
}


def answer(sql: Session, method: Method, table: str) -> tuple[list[tuple[object, ...]], list[str]]:
    sql(method.run(table.replace("'", "''"), "made"))
    warnings = sql.warnings
    rows = sql(method.answers("made"))
    sql("DROP TABLE made, made_summary")
    return rows, warnings


def same(sql: Session, table: str, one: str, methods: dict[str, Method] = SOME) -> set[str]:
    """The answers over both are the same; the warnings that come over `table` only."""
    warned: set[str] = set()
    for name, method in methods.items():
        wanted, known = answer(sql, method, one)
        found, warnings = answer(sql, method, table)
        assert len(wanted) > 0
        assert alike(found, wanted), f"{name}: {found}\n{wanted}"
        warned |= set(warnings) - set(known)
    return warned


@pytest.mark.parametrize("query", SENT.values(), ids=SENT.keys())
def test_views_that_are_sent(sharded: Session, query: str) -> None:
    sharded(f"CREATE VIEW one AS {query.format('flat')}")
    sharded(f"CREATE VIEW parts AS {query.format('rows')}")
    sharded(
        'CREATE VIEW "over It\'s" WITH (security_barrier) AS SELECT * FROM parts WHERE y > -10 ORDER BY x1'
    )
    assert same(sharded, "parts", "one") == set()
    assert same(sharded, '"over It\'s"', "one", {"regr": METHODS["regr"]}) == set()


def test_a_view_with_constants_whose_text_is_a_matter_of_settings(sharded: Session) -> None:
    """IST is read as Israel's time, and a millisecond counts."""
    sharded("CREATE VIEW parts AS SELECT *, timestamptz '2020-01-01 00:00:00.123Z' AS at FROM rows")
    sharded("CREATE VIEW whole AS SELECT *, timestamptz '2020-01-01 00:00:00.123Z' AS at FROM flat")
    sharded("SET timezone = 'Asia/Kolkata'")
    sharded("SET datestyle = 'German'")
    for view in ("parts", "whole"):
        sharded(f"SELECT madlib.regr_train('{view}', 'of_{view}', 'y', 'x1', 'at')")
    assert sharded.value("SELECT p.at = w.at FROM of_parts AS p, of_whole AS w")


@pytest.mark.parametrize("query", FETCHED.values(), ids=FETCHED.keys())
def test_views_whose_rows_are_fetched(sharded: Session, query: str) -> None:
    sharded(f"CREATE VIEW one AS {query.format('flat')}")
    sharded(f"CREATE VIEW parts AS {query.format('rows')}")
    some = {name: SOME[name] for name in ("regr", "summary")}
    assert same(sharded, "parts", "one", some) == {f'rows of "parts" are fetched from their servers: {MORE}'}


def test_a_column_of_an_enum(sharded: Session, far: Far, schema: str) -> None:
    """Nothing of a type that was created is sent; what does not use the column is."""
    there = far.session(1)
    for run in (sharded, there):
        run(f"CREATE TYPE {schema}.size AS ENUM ('big', 'small')")
    there(f"SET search_path = {schema}")
    there("CREATE VIEW sized AS SELECT *, CASE WHEN x3 > 1 THEN 'big' END::size AS size FROM t")
    there.connection.close()
    sharded(f"CREATE TABLE parts ({COLUMNS}, size size) PARTITION BY LIST (place)")
    foreign(sharded, "sized", "parts", "IN (1)", f"{schema}_s1", schema, "sized")
    sharded("CREATE TABLE one AS SELECT * FROM parts")
    assert same(sharded, "parts", "one", {"regr": METHODS["regr"]}) == set()
    for table in ("parts", "one"):
        sharded(f"SELECT madlib.nb_train('{table}', 'of_{table}', 'flag', 'size, x1')")
        assert [("an enum" in text) for text in sharded.warnings] == [True] * (table == "parts")
    query = "SELECT class, feature, value, mean, probability FROM of_{} ORDER BY 1, 2, 3"
    assert alike(sharded(query.format("parts")), sharded(query.format("one")))
    for table in ("parts", "one"):
        sharded(f"SELECT madlib.regr_train('{table}', 'levels_of_{table}', 'y', 'size, x1', 'flag')")
    query = "SELECT flag, coef, num_rows_processed, num_missing_rows_skipped FROM levels_of_{} ORDER BY 1"
    assert alike(sharded(query.format("parts")), sharded(query.format("one")))


def test_a_view_of_two_sharded_tables(sharded: Session) -> None:
    sharded(
        "CREATE VIEW two AS SELECT * FROM rows WHERE id < 10 UNION ALL SELECT * FROM far_2 WHERE id >= 10"
    )
    sharded("CREATE VIEW one AS SELECT * FROM flat WHERE id < 10 OR place = 2")
    warned = same(sharded, "two", "one", {"regr": METHODS["regr"]})
    assert warned == {'rows of "two" are fetched from their servers: it is made of several such tables'}


def test_one_foreign_table(sharded: Session, far: Far, schema: str) -> None:
    sharded("CREATE VIEW one AS SELECT * FROM flat WHERE place = 2")
    sharded("CREATE VIEW seen AS SELECT * FROM far_2")
    for table in ("far_2", "seen"):
        assert same(sharded, table, "one") == set()
    add_server(sharded, f"{schema}_plain", far.addresses[2], extensions="")
    options = f"OPTIONS (schema_name '{schema}', table_name 't')"
    sharded(f"CREATE FOREIGN TABLE alone ({COLUMNS}) SERVER {schema}_plain {options}")
    assert same(sharded, "alone", "one") == {
        f'rows of "alone" are fetched from their servers: server "{schema}_plain" is not known to have madpy'
    }


def test_foreign_children_by_inheritance(sharded: Session, schema: str) -> None:
    sharded(f"CREATE TABLE parent ({COLUMNS})")
    sharded("INSERT INTO parent SELECT * FROM flat WHERE place = 0")
    sharded("CREATE TABLE child (more float8) INHERITS (parent)")
    sharded("INSERT INTO child SELECT *, 1 FROM flat WHERE place = 5")
    for number in (2, 3):
        sharded(
            f"CREATE FOREIGN TABLE child_{number} () INHERITS (parent) SERVER {schema}_s{number}"
            f" OPTIONS (schema_name '{schema}', table_name 't')"
        )
    sharded("CREATE VIEW one AS SELECT * FROM flat WHERE place IN (0, 2, 3, 5)")
    sharded("CREATE VIEW parts AS SELECT * FROM parent")
    assert same(sharded, "parent", "one") == set()
    assert same(sharded, "parts", "one") == set()
    for features in ("more", "x1 + more"):
        error = sharded.fails(f"SELECT madlib.regr_train('parent', 'm', 'y', '{features}')")
        assert (error.sqlstate, error.message) == (
            "42703",
            'regr_train: column "more" of table "parent" does not exist',
        )


def test_only_foreign_parts_one_empty_one_unusable(sharded: Session, far: Far, schema: str) -> None:
    there = far.session(1)
    there(f"CREATE TABLE {schema}.empty (LIKE {schema}.t)")
    there(f"CREATE TABLE {schema}.useless AS SELECT * FROM {schema}.u")
    there(
        f"UPDATE {schema}.useless SET y = NULL, x1 = NULL, x2 = NULL, x3 = NULL, colour = NULL, flag = NULL"
    )
    there.connection.close()
    sharded(f"CREATE TABLE far ({COLUMNS}) PARTITION BY LIST (place)")
    for place, server, table in ((1, 1, "empty"), (2, 2, "t"), (3, 3, "t"), (4, 4, "useless")):
        foreign(sharded, f"of_{place}", "far", f"IN ({place})", f"{schema}_s{server}", schema, table)
    sharded("CREATE TABLE one AS SELECT * FROM far")
    assert same(sharded, "far", "one") == set()
    for place, fact in ((1, "is empty"), (4, "none of the 500 rows of table")):
        for method in ("regr", "logregr", "nb", "dtree", "kmeans", "correlation"):
            error = sharded.fails(METHODS[method].run(f"of_{place}", "made"))
            assert error.sqlstate == "22023"
            assert fact in error.message or "the target is NULL in every row" in error.message
    assert sharded.warnings == []


def test_what_the_remote_table_is(sharded: Session, far: Far, schema: str) -> None:
    """A view, or a partitioned table with columns in another order, under odd names."""
    there = far.session(2)
    there(f"SET search_path = {schema}")
    there('CREATE VIEW "a View\'s" AS SELECT * FROM t WHERE x3 > 1')
    there(
        'CREATE TABLE "Teil.e" (gone int, amount numeric, day date, place int, colour text, flag boolean,'
        ' "x 3" int, x2 float8, x1 float8, y float8, id bigint) PARTITION BY RANGE (id)'
    )
    there('ALTER TABLE "Teil.e" DROP COLUMN gone')
    for low, high in ((0, 1000), (1000, 4000)):
        there(f'CREATE TABLE p{low} PARTITION OF "Teil.e" FOR VALUES FROM ({low}) TO ({high})')
    there(
        'INSERT INTO "Teil.e" SELECT amount, day, place, colour, flag, x3, x2, x1, y, id FROM t WHERE x3 <= 1'
    )
    there.connection.close()
    add_server(sharded, f'"{schema} S.rv\'1"', far.addresses[2])
    sharded(f'CREATE TABLE "All\'s" ({COLUMNS}) PARTITION BY RANGE (x3)')
    sharded(
        f'CREATE FOREIGN TABLE "fern ""1" PARTITION OF "All\'s" FOR VALUES FROM (2) TO (9)'
        f" SERVER \"{schema} S.rv'1\" OPTIONS (schema_name '{schema}', table_name 'a View''s')"
    )
    sharded(
        f'CREATE FOREIGN TABLE "fern 2" PARTITION OF "All\'s" FOR VALUES FROM (0) TO (2)'
        f" SERVER \"{schema} S.rv'1\" OPTIONS (schema_name '{schema}', table_name 'Teil.e')"
    )
    sharded("ALTER FOREIGN TABLE \"fern 2\" ALTER x3 OPTIONS (column_name 'x 3')")
    sharded("CREATE VIEW one AS SELECT * FROM flat WHERE place = 2")
    assert same(sharded, '"All\'s"', "one") == set()
    sharded(f'ALTER SERVER "{schema} S.rv\'1" OPTIONS (DROP extensions)')
    error = sharded.fails("SELECT madlib.regr_train('\"All''s\"', 'm', 'y', 'x1')")
    assert f'server "{schema} S.rv\'1" is not known to have madpy' in error.message


def test_local_partitions_and_temporary_output(sharded: Session) -> None:
    sharded(f"CREATE TABLE here ({COLUMNS}) PARTITION BY LIST (place)")
    sharded("CREATE TABLE all_of_it PARTITION OF here DEFAULT")
    sharded("INSERT INTO here SELECT * FROM flat")
    assert same(sharded, "here", "flat") == set()
    sharded("SELECT madlib.regr_train('rows', 'pg_temp.m', 'y', 'x1')")
    assert sharded.value("SELECT num_rows_processed FROM pg_temp.m") == 3000


def test_rights(sharded: Session, schema: str, role: str) -> None:
    """Each part is read by itself; what a view shows of tables that one may not read is fetched."""
    sharded("CREATE VIEW shown AS SELECT * FROM rows WHERE place <> 4")
    sharded("CREATE VIEW one AS SELECT * FROM flat WHERE place <> 4")
    sharded(f"GRANT USAGE, CREATE ON SCHEMA {schema} TO {role}")
    sharded(f"GRANT USAGE ON SCHEMA madlib TO {role}")
    sharded(f"GRANT SELECT ON shown, one, rows TO {role}")
    sharded(f"SET ROLE {role}")
    error = sharded.fails(METHODS["regr"].run("rows", "made"))
    assert error.sqlstate == "42501"
    assert 'a part of "rows"' in error.message
    assert str(error.hint).startswith("Ask for SELECT on all parts")
    warned = same(sharded, "shown", "one", {"regr": METHODS["regr"], "nb": METHODS["nb"]})
    assert warned == {
        'rows of "shown" are fetched from their servers:'
        " it is a view, and you may not read the tables below it by yourself"
    }
    sharded("RESET ROLE")
    sharded(f"GRANT SELECT ON ALL TABLES IN SCHEMA {schema} TO {role}")
    sharded(f"SET ROLE {role}")
    assert same(sharded, "shown", "one", {"regr": METHODS["regr"]}) == set()


def test_a_view_of_an_owner_with_another_user_mapping(
    sharded: Session, schema: str, role: str, far: Far
) -> None:
    """A view reads with its owner's mapping, an invoker's with its reader's, who may see less there."""
    there = far.session(2)
    user = f"{role}_there"
    there(f"CREATE ROLE {user} LOGIN")
    try:
        there(f"GRANT USAGE ON SCHEMA {schema}, madlib TO {user}")
        there(f"GRANT SELECT ON {schema}.t TO {user}")
        there(f"ALTER TABLE {schema}.t ENABLE ROW LEVEL SECURITY")
        there(f"CREATE POLICY p ON {schema}.t TO {user} USING (x3 > 1)")
        options = f"user '{user}', password_required 'false'"
        sharded(f"CREATE USER MAPPING FOR {role} SERVER {schema}_s2 OPTIONS ({options})")
        sharded("CREATE VIEW owners AS SELECT * FROM rows")
        sharded("CREATE VIEW readers WITH (security_invoker) AS SELECT * FROM rows")
        sharded("CREATE VIEW one AS SELECT * FROM flat WHERE place <> 2 OR x3 > 1")
        sharded(f"GRANT USAGE, CREATE ON SCHEMA {schema} TO {role}")
        sharded(f"GRANT USAGE ON SCHEMA madlib TO {role}")
        sharded(f"GRANT SELECT ON ALL TABLES IN SCHEMA {schema} TO {role}")
        sharded(f"SET ROLE {role}")
        regr = {"regr": METHODS["regr"]}
        assert same(sharded, "owners", "flat", regr) == {
            'rows of "owners" are fetched from their servers:'
            " it is a view, and its owner has a user mapping that is not yours"
        }
        assert same(sharded, "readers", "one", regr) == set()
        sharded("RESET ROLE")
    finally:
        there(f"DROP OWNED BY {user}")
        there(f"DROP ROLE {user}")
        there.connection.close()


def test_rights_on_columns(sharded: Session, schema: str, role: str) -> None:
    """Those of the statement are enough, and a view shows the others."""
    sharded("CREATE VIEW shown AS SELECT * FROM rows")
    sharded(f"GRANT USAGE, CREATE ON SCHEMA {schema} TO {role}")
    sharded(f"GRANT USAGE ON SCHEMA madlib TO {role}")
    tables = "rows, near, attached, far_1, far_2, far_3, far_4"
    sharded(f"GRANT SELECT (y, x1) ON {tables} TO {role}")
    sharded(f"GRANT SELECT ON shown, flat TO {role}")
    sharded(f"SET ROLE {role}")
    sharded("SELECT madlib.regr_train('rows', 'made', 'y', 'x1')")
    assert sharded.warnings == []
    assert sharded.value("SELECT num_rows_processed FROM made") == 3000
    sharded("DROP TABLE made, made_summary")
    (warning,) = same(sharded, "shown", "flat", {"regr": METHODS["regr"]})
    assert warning.endswith("you may not read the tables below it by yourself")


def test_a_part_in_a_schema_that_one_may_not_use(sharded: Session, schema: str, role: str) -> None:
    sharded("CREATE VIEW shown AS SELECT * FROM rows")
    sharded(f"GRANT USAGE, CREATE ON SCHEMA {schema} TO {role}")
    sharded(f"GRANT USAGE ON SCHEMA madlib TO {role}")
    sharded(f"GRANT SELECT ON ALL TABLES IN SCHEMA {schema} TO {role}")
    sharded(f"CREATE SCHEMA {schema}_hidden")
    try:
        sharded(f"ALTER FOREIGN TABLE far_2 SET SCHEMA {schema}_hidden")
        sharded(f"SET ROLE {role}")
        error = sharded.fails(METHODS["regr"].run("rows", "made"))
        assert error.message == 'regr_train: permission denied for table "far_2", a part of "rows"'
        assert "USAGE on their schemas" in str(error.hint)
        (warning,) = same(sharded, "shown", "flat", {"regr": METHODS["regr"]})
        assert warning.endswith("you may not read the tables below it by yourself")
    finally:
        sharded("RESET ROLE")
        sharded(f"DROP SCHEMA {schema}_hidden CASCADE")


def test_row_level_security(sharded: Session, schema: str, role: str) -> None:
    """Policies hold on the table, on a part by itself, and through a view whose owner sees more."""
    sharded(f"GRANT USAGE, CREATE ON SCHEMA {schema} TO {role}")
    sharded(f"GRANT USAGE ON SCHEMA madlib TO {role}")
    sharded("CREATE VIEW all_of_it AS SELECT * FROM rows")
    sharded(f"GRANT SELECT ON ALL TABLES IN SCHEMA {schema} TO {role}")
    sharded("ALTER TABLE rows ENABLE ROW LEVEL SECURITY")
    sharded(f"CREATE POLICY p ON rows TO {role} USING (x3 > 1)")
    sharded("CREATE VIEW one AS SELECT * FROM flat WHERE x3 > 1")
    sharded(f"GRANT SELECT ON one TO {role}")
    sharded(f"SET ROLE {role}")
    some = {"regr": METHODS["regr"], "logregr grouped": METHODS["logregr grouped"]}
    warning = 'row-level security of "rows" is looked at here'
    assert same(sharded, "rows", "one", some) == {f'rows of "rows" are fetched from their servers: {warning}'}
    assert same(sharded, "all_of_it", "flat", some) == {
        f'rows of "all_of_it" are fetched from their servers: {warning}'
    }
    sharded("RESET ROLE")
    sharded("ALTER TABLE rows DISABLE ROW LEVEL SECURITY")
    sharded("ALTER TABLE near ENABLE ROW LEVEL SECURITY")
    sharded(f"SET ROLE {role}")
    assert same(sharded, "rows", "flat", some) == {
        f'rows of "rows" are fetched from their servers: {warning}'
    }


@pytest.mark.parametrize("name", ["logregr", "nb", "dtree"])
def test_texts_that_a_collation_calls_equal(sharded: Session, far: Far, schema: str, name: str) -> None:
    """Every spelling is a class, and a category, of its own; rows are fetched for it."""
    there = far.session(1)
    for run in (sharded, there):
        run(
            f"CREATE COLLATION {schema}.loose"
            " (provider = icu, locale = 'und-u-ks-level2', deterministic = false)"
        )
    there(f"SET search_path = {schema}")
    there("CREATE VIEW spelt AS SELECT *, CASE WHEN x3 > 1 THEN 'x' ELSE 'X' END COLLATE loose AS c FROM t")
    there.connection.close()
    sharded(f"CREATE TABLE parts ({COLUMNS}, c text COLLATE loose) PARTITION BY LIST (place)")
    foreign(sharded, "spelt", "parts", "IN (1)", f"{schema}_s1", schema, "spelt")
    sharded(f"SELECT madlib.{name}_train('parts', 'm', 'c', 'x1')")
    assert len(sharded.warnings) == 1
    found = "SELECT classes, num_rows_processed, num_missing_rows_skipped FROM m_summary"
    assert sharded(found) == [(["X", "x"], 500, 0)]
    if name != "logregr":  # dummies are compared as the column's collation has it
        sharded(f"SELECT madlib.{name}_train('parts', 'n', 'x3 > 1', 'c')")
        sharded(f"SELECT madlib.{name}_predict('n', 'parts', 'p', 'c')")
        assert sharded("SELECT count(*) FROM p WHERE prediction <> (x3 > 1)") == [(0,)]
