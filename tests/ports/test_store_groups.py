"""Groups of a store: those of GROUP BY, and the rows of each together."""

import pytest

from tests.ports.inside import inside

GROUPS = """
    CREATE TABLE t (i int, g numeric, h text, k date, y float8, x float8);
    INSERT INTO t SELECT i, (ARRAY[1.0, 1.00, 2, NULL])[1 + i % 4], (ARRAY['p', 'P', NULL])[1 + i % 3],
                         (ARRAY[date '2000-01-01', '2001-01-01'])[1 + i % 2], i * i, i
                  FROM generate_series(1, 9000) i;
"""


def test_rows_lie_group_by_group(sql):
    """The groups are those of GROUP BY, numbered as they appear, and each keeps the query's order of rows."""
    sql(GROUPS)
    expected = sql(
        "SELECT g::float8, h, k::text, array_agg(i::float8 ORDER BY i) "
        "FROM t GROUP BY g, h, k ORDER BY min(i)"
    )
    groups, column = inside(
        sql,
        """
        number = db.value("SELECT madlib.__store_fill('SELECT i, y, g, h, k FROM t ORDER BY i', 3)")
        groups = plpy.execute(
            "SELECT n, g::float8, h, k::text"
            f" FROM madlib.__store_groups({number}) AS s(n int, g numeric, h text, k date)")
        return [[list(row.values()) for row in groups], Store(db, number).column(0).tolist()]
        """,
    )
    assert groups == [[n, *key] for n, (*key, _) in enumerate(expected)]
    assert column == [i for *_, rows in expected for i in rows]


def test_a_kernel_sees_its_group(sql):
    sql(GROUPS)
    stepped = sql(
        """
        WITH store AS MATERIALIZED (SELECT madlib.__store_fill('SELECT 1, x, y, g, h FROM t', 2) AS id)
        SELECT g, h, madlib.regr_fit(madlib.__store_step(id, 'moments', n))
        FROM store, madlib.__store_groups(id) AS s(n int, g numeric, h text) ORDER BY g, h
        """
    )
    grouped = sql("SELECT g, h, madlib.regr_agg(y, ARRAY[1, x]) FROM t GROUP BY g, h ORDER BY g, h")
    assert stepped == grouped


@pytest.mark.parametrize(
    ("type_name", "values", "groups"),
    [
        ("float8", "'NaN', 'NaN', 0, '-0', 1", 3),
        ("numeric", "1, 1.0, 1.00, 'NaN', NULL, NULL", 3),
        ("char(4)", "'a', 'a ', 'b'", 2),
        ("boolean", "true, false, NULL, true", 3),
        ("smallint", "-1, 32767, NULL, -1, -32768, NULL, 0", 5),
        ("bigint", "-1, 4294967295, 0, NULL, -1", 4),
        ("date", "'2000-01-01', '1999-12-31', '2000-01-01', NULL", 3),
        ("text", "'', 'a', NULL, 'a ', 'a', '', NULL", 4),
        ("timestamptz", "'2000-01-01 00:00+00', '2000-01-01 02:00+02', 'infinity'", 2),
        ("integer[]", "'{1,2}', '{1,2}', '{1,NULL}', '{}', NULL", 4),
        ("uuid", "'00000000-0000-0000-0000-000000000001', '{00000000000000000000000000000001}'", 1),
        ("bytea", "'\\x00', '\\x0000', '\\x00'", 2),
        ("jsonb", "'{\"a\":1.0}', '{\"a\": 1}', 'null', NULL", 3),
        ("pair", "'(1,a)', '(1,a)', '(1,)', '(1,)'", 2),
        ('text COLLATE "nocase"', "'a', 'A', 'b'", 2),
        ("level", "'low', 'high', 'low'", 2),
    ],
)
def test_groups_of_any_type(sql, type_name, values, groups):
    sql(
        "CREATE TYPE level AS ENUM ('low', 'high'); CREATE TYPE pair AS (a int, b text);"
        "CREATE COLLATION nocase (provider = icu, locale = 'und-u-ks-level2', deterministic = false)"
    )
    rows = ", ".join(f"({value})" for value in values.split(", "))
    sql(f"CREATE TABLE t (g {type_name}); INSERT INTO t VALUES {rows}")
    plain = type_name.split(" COLLATE")[0]
    store = "madlib.__store_fill('SELECT 1, g FROM t', 1)"
    found = sql(
        f"SELECT count(*), count(DISTINCT n) FROM madlib.__store_groups({store}) AS s(n int, g {plain})"
    )
    assert found == [(groups, groups)]
    assert sql.value("SELECT count(*) FROM (SELECT g FROM t GROUP BY g) AS s") == groups


def test_texts_of_any_length(sql):
    """Short, long, compressed and kept elsewhere: what a text says counts, not how it is kept."""
    sql("CREATE TABLE t (g text); ALTER TABLE t ALTER g SET STORAGE EXTERNAL")
    texts = "SELECT repeat(chr(97 + i % 3), n) FROM generate_series(1, 6) i, unnest('{5,300,9000}'::int[]) n"
    sql(f"INSERT INTO t {texts}; ALTER TABLE t ALTER g SET STORAGE MAIN; INSERT INTO t {texts}")
    store = "madlib.__store_fill('SELECT 1, g FROM t', 1)"
    found = sql(f"SELECT length(g) FROM madlib.__store_groups({store}) AS s(n int, g text) ORDER BY 1")
    assert found == [(5,)] * 3 + [(300,)] * 3 + [(9000,)] * 3


def test_many_groups(sql):
    """A group per row but one, in an order that has nothing to do with them."""
    sql("CREATE TABLE t AS SELECT i * 7919 % 100003 AS g, i::float8 AS y FROM generate_series(0, 100003) i")
    found = sql(
        """
        WITH store AS MATERIALIZED (SELECT madlib.__store_fill('SELECT 1, y, g FROM t', 1) AS id)
        SELECT count(*), sum((madlib.regr_fit(madlib.__store_step(id, 'moments', n))).num_rows_processed)
        FROM store, madlib.__store_groups(id) AS s(n int, g int)
        """
    )
    assert found == [(100003, 100004)]


def test_a_type_that_has_no_hash_is_named(sql):
    error = sql.fails("SELECT madlib.__store_fill('SELECT 1, B''1''::bit(1)', 1)")
    assert (error.sqlstate, error.message) == ("42883", "values of type bit cannot be grouped by hashing")


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ("n int", "the columns must be an integer and the grouping columns of store {}"),
        ("n int, g int, h int", "the columns must be an integer and the grouping columns of store {}"),
        ("n bigint, g numeric", "the columns must be an integer and the grouping columns of store {}"),
        ("g numeric, n int", "the columns must be an integer and the grouping columns of store {}"),
        ("n int, g float8", "grouping column 1 is of type numeric"),
    ],
)
def test_a_wrong_column_definition_list(sql, columns, message):
    sql("BEGIN")
    store = sql.value("SELECT madlib.__store_fill('SELECT 1, 2.5', 1)")
    error = sql.fails(f"SELECT * FROM madlib.__store_groups({store}) AS s({columns})")
    assert (error.sqlstate, error.message) == ("42804", message.format(store))


def test_groups_are_called_in_from(sql):
    error = sql.fails("SELECT madlib.__store_groups(madlib.__store_fill('SELECT 1'))")
    assert (error.sqlstate, error.message) == (
        "0A000",
        "store_groups is called in FROM, with a column definition list",
    )


def test_all_groups_in_one_call(sql):
    """Each group has its own parameters: what __store_steps says is what __store_step says of each group."""
    sql(GROUPS)
    assert inside(
        sql,
        """
        import numpy as np
        number = db.value("SELECT madlib.__store_fill('SELECT 1, x, y, 1, g, h FROM t', 2)")
        key = "AS s(n int, g numeric, h text)"
        groups = db.value(f"SELECT count(*) FROM madlib.__store_groups({number}) {key}")
        params = np.arange(2.0 * groups).reshape(-1, 2)
        step = f"SELECT madlib.__store_step({number}, 'meat', {{g:l}}, {{p:l}})"
        one_by_one = b''.join(db.value(step, g=g, p=p.tolist()) for g, p in enumerate(params))
        at_once = db.value(f"SELECT madlib.__store_steps({number}, 'meat', {{p:l}})", p=params.tobytes())
        return [groups, at_once == one_by_one]
        """,
    ) == [9, True]


def test_a_second_pass_sees_the_rows_of_the_first(sql):
    """The first takes them as they came, 256 at once; then they are laid.  Sums of integers are exact."""
    rows = "SELECT CASE WHEN i % 7 > 0 THEN i END AS x, i AS y, i % 3 AS g FROM generate_series(1, 3000) i"
    sql("BEGIN")
    store = sql.value(f"SELECT madlib.__store_fill('{rows}', 1)")
    passed = (
        f"SELECT g, state, madlib.regr_fit(state::bytea) FROM ("
        f"SELECT g, madlib.__store_step({store}, 'moments', n)::text AS state"
        f" FROM madlib.__store_groups({store}) AS s(n integer, g integer) OFFSET 0) AS p ORDER BY g"
    )
    first = sql(passed)
    assert sql(passed) == first
    counts = f"SELECT g, (f).num_rows_processed, (f).num_missing_rows_skipped FROM ({passed}) AS p(g, s, f)"
    assert sql(counts) == [(0, 858, 142), (1, 857, 143), (2, 857, 143)]
    sql("ROLLBACK")
