"""Stores that are filled by a parallel scan have the same bytes as others."""

import pytest

from tests.ports.inside import inside
from tests.ports.workers import COUNTS, done_by_workers, with_workers
from tests.session import Session

TABLE = """
    CREATE TABLE t AS
    SELECT i, i / 7.0::float8 AS x, CASE WHEN i % 1000 > 0 THEN ARRAY[i % 13, nullif(i % 5, 0)]::float8[] END AS v,
           nullif(i % 9, 3) AS g, CASE WHEN i % 77 > 0 THEN (ARRAY['a', 'B', 'c'])[1 + i % 3] END AS h,
           (i % 3)::text AS colour
    FROM generate_series(1, 50000) AS i;
    DELETE FROM t WHERE i BETWEEN 20000 AND 30000
"""
FILLED = """
    store = fill({query!r}, {groups})
    import hashlib
    rows = store.matrix()
    nulls = [store.nulls(j).tolist() for j in range(store.num_columns)]
    return [store.num_rows, hashlib.md5(rows.tobytes()).hexdigest(), hashlib.md5(str(nulls).encode()).hexdigest()]
"""
QUERIES = {
    "numbers": ("SELECT i, x FROM t", 0),
    "arrays": ("SELECT x, v FROM t", 0),
    "no rows": ("SELECT x, i FROM t WHERE i < 0", 0),
    "some rows": ("SELECT x, i FROM t WHERE i % 3 = 1", 0),
    "groups": ("SELECT i, x, v, g FROM t", 1),
    "groups by two columns": ("SELECT x, g, h FROM t", 2),
    "a category": ("SELECT x, colour FROM t", 0),
    "a join": ("SELECT a.x, b.i FROM t AS a JOIN t AS b USING (i) ORDER BY a.i", 0),
}


@pytest.mark.parametrize(("query", "groups"), QUERIES.values(), ids=QUERIES.keys())
def test_the_same_bytes(sql: Session, query: str, groups: int) -> None:
    sql(TABLE)
    found = []
    for count in COUNTS:
        with_workers(sql, count)
        found.append(inside(sql, FILLED.format(query=query, groups=groups)))
    assert found == [found[0]] * len(COUNTS)


def test_workers_take_part(sql: Session) -> None:
    sql(TABLE)
    with_workers(sql, 2)
    sql("SET client_min_messages = debug1")
    for _ in range(100):
        sql("SELECT madlib.__store_fill('SELECT x, length(repeat(colour, 50000)) FROM t')")
        if done_by_workers(sql):
            return
    raise AssertionError("no worker took part")


def test_groups_have_the_same_numbers(sql: Session) -> None:
    """In the order of their first rows."""
    sql(TABLE)
    wanted = sql("SELECT g, h FROM t GROUP BY g, h ORDER BY min(i)")
    for count in COUNTS:
        with_workers(sql, count)
        sql("BEGIN")
        store = sql.value("SELECT madlib.__store_fill('SELECT x, g, h FROM t', 2)")
        assert sql(f"SELECT g, h FROM madlib.__store_groups({store}) AS s(n int, g int, h text) ORDER BY n") == wanted
        sql("COMMIT")


@pytest.mark.parametrize("kind", ["TEMP TABLE", "MATERIALIZED VIEW", "VIEW"])
def test_other_relations(sql: Session, kind: str) -> None:
    sql(TABLE)
    sql(f"CREATE {kind} u AS SELECT x, i FROM t")
    wanted = inside(sql, FILLED.format(query="SELECT x, i FROM t", groups=0))
    with_workers(sql, 2)
    assert inside(sql, FILLED.format(query="SELECT x, i FROM u", groups=0)) == wanted


def test_rows_of_this_transaction(sql: Session) -> None:
    """Workers see what it has changed, and nothing that another role may not see."""
    sql(TABLE)
    with_workers(sql, 2)
    sql("BEGIN; UPDATE t SET x = 1; DELETE FROM t WHERE i % 2 = 0; SAVEPOINT s; INSERT INTO t (i, x) VALUES (1, 2)")
    rows, _, _ = inside(sql, FILLED.format(query="SELECT x, i FROM t", groups=0))
    assert rows == sql.value("SELECT count(*) FROM t")


def test_row_security(sql: Session, role: str, schema: str) -> None:
    sql(TABLE)
    sql(f"GRANT USAGE ON SCHEMA {schema} TO {role}; GRANT SELECT ON t TO {role}")
    sql("ALTER TABLE t ENABLE ROW LEVEL SECURITY; CREATE POLICY p ON t USING (i % 10 = 1)")
    wanted = sql.value("SELECT count(*) FROM t WHERE i % 10 = 1")
    with_workers(sql, 2)
    sql(f"SET SESSION AUTHORIZATION {role}; BEGIN")
    store = sql.value("SELECT madlib.__store_fill('SELECT x FROM t')")
    assert sql.value(f"SELECT octet_length(madlib.__store_step({store}, 'column_moments'))") > 0
    assert sql.value(f"SELECT starts[2] FROM madlib.__store_map({store})") == wanted


@pytest.mark.parametrize(
    ("query", "sqlstate", "message"),
    [
        ("SELECT 1 / (i - 45000) FROM t", "22012", "division by zero"),
        (
            "SELECT CASE WHEN i = 45000 THEN ARRAY[1.0::float8] ELSE ARRAY[1.0::float8, 2] END FROM t",
            "2202E",
            "features must have the same length in every row: 1 after 2",
        ),
    ],
)
def test_an_error_in_a_row(sql: Session, query: str, sqlstate: str, message: str) -> None:
    sql(TABLE)
    for count in COUNTS:
        with_workers(sql, count)
        failure = sql.fails(f"SELECT madlib.__store_fill('{query}')")
        assert (failure.sqlstate, failure.message) == (sqlstate, message)


def test_functions_that_are_not_safe(sql: Session) -> None:
    """They run in this backend."""
    sql(TABLE)
    sql("CREATE SEQUENCE s")
    sql("CREATE FUNCTION f() RETURNS bigint LANGUAGE sql VOLATILE PARALLEL UNSAFE AS $$ SELECT nextval('s') $$")
    with_workers(sql, 2)
    sql("SELECT madlib.__store_fill('SELECT f() FROM t')")
    assert sql.value("SELECT last_value FROM s") == sql.value("SELECT count(*) FROM t")


@pytest.mark.parametrize("groups", [0, 1])
def test_too_many_rows(sql: Session, groups: int) -> None:
    """There is no store, whatever the number of workers."""
    sql(TABLE)
    sql("SET madpy.store_memory = '500kB'")
    for count in COUNTS:
        with_workers(sql, count)
        assert sql.value(f"SELECT madlib.__store_fill('SELECT x, i, g FROM t', {groups})") is None


def test_a_cancel(sql: Session) -> None:
    sql(TABLE)
    with_workers(sql, 2)
    sql("SET statement_timeout = 100")
    query = "SELECT (SELECT sum(k + t.i) FROM generate_series(1, 10000) AS k) FROM t"
    assert sql.fails(f"SELECT madlib.__store_fill('{query}')").sqlstate == "57014"
    sql("CREATE FUNCTION slow(n int) RETURNS float8 PARALLEL SAFE LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(0.01); RETURN n; END $$")
    failure = sql.fails("SELECT madlib.__store_fill('SELECT slow(i) FROM t')")
    assert (failure.sqlstate, failure.message) == ("57014", "canceling statement due to statement timeout")
