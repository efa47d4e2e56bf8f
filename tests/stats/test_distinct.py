"""fmsketch_dcount against count(DISTINCT), for every kind of type."""

import pytest

VALUES = {
    "smallint": "(i % 30000)::smallint",
    "integer": "i",
    "bigint": "i + 3000000000",
    "real": "i::real / 3",
    "double precision": "i / 7::float8",
    "numeric": "i / 7.0",
    "text": "md5(i::text)",
    "varchar": "i::varchar",
    "character": "i::text::char(9)",
    "date": "date '1700-01-01' + i",
    "timestamptz": "to_timestamp(i)",
    "interval": "i * interval '1 s'",
    "uuid": "md5(i::text)::uuid",
    "jsonb": "jsonb_build_array(i)",
    "json": "json_build_array(i)",
    "array": "ARRAY[i, -i]",
    "record": "ROW(i, 'a'::text)",
    "point": "point(i, 1)",
    "range": "int4range(i, i + 9)",
    "bytea": "decode(md5(i::text), 'hex')",
    "inet": "inet '10.0.0.0' + i",
}


def test_the_statement_of_madlibs_manual(sql):
    assert sql.value("SELECT madlib.fmsketch_dcount(pronargs) FROM pg_proc") == sql.value(
        "SELECT count(DISTINCT pronargs) FROM pg_proc"
    )


@pytest.mark.parametrize("value", VALUES.values(), ids=VALUES)
def test_any_type(sql, value):
    """Exact while there are few; within 3% of 20,000, 3.7 standard errors."""
    query = "SELECT madlib.fmsketch_dcount({}) FROM generate_series(1, {}) AS i"
    assert sql.value(query.format(value, 1536)) == 1536
    assert abs(sql.value(query.format(value, 20000)) - 20000) < 600


def test_arrays_of_a_table_by_name(sql):
    sql("CREATE TABLE t AS SELECT ARRAY[i % 7, i % 2] AS v FROM generate_series(1, 100) AS i")
    counts = "SELECT madlib.fmsketch_dcount('t', 'v'), madlib.fmsketch_dcount(v) FROM t"
    assert sql(counts) == [(14, 14)]


def test_the_error_is_what_it_is_said_to_be(sql):
    """100 sets: none is off by 3%, the root of the mean square is 0.8% at most, and there is no bias."""
    errors = [
        count / 10000 - 1
        for (count,) in sql(
            "SELECT madlib.fmsketch_dcount(i) FROM generate_series(1, 1000000) AS i GROUP BY i % 100"
        )
    ]
    assert max(map(abs, errors)) < 0.03
    assert (sum(e * e for e in errors) / 100) ** 0.5 < 0.0085
    assert abs(sum(errors) / 100) < 0.003


def test_equal_values_count_once(sql):
    count = "SELECT madlib.fmsketch_dcount(v) FROM (VALUES {}) AS t(v)"
    assert sql.value(count.format("(0::float8), ('-0'), ('NaN'), ('NaN'), ('Infinity')")) == 3
    assert sql.value(count.format("(1.0), (1.00), (1)")) == 1
    assert sql.value(count.format("('a'::char(3)), ('a  '), ('b')")) == 2
    assert sql.value(count.format("(NULL::text), (''), (NULL), ('x')")) == 2
    assert sql.value(count.format("(NULL::int)")) == 0
    assert sql.value("SELECT madlib.fmsketch_dcount(i) FROM generate_series(1, 0) AS i") == 0


def test_groups_filter_and_window(sql):
    assert sql(
        "SELECT g, madlib.fmsketch_dcount(i / 2) FILTER (WHERE i > 4) FROM generate_series(1, 12) AS i,"
        " LATERAL (SELECT i % 2 AS g) AS h GROUP BY g ORDER BY g"
    ) == [(0, 4), (1, 4)]
    assert sql("SELECT madlib.fmsketch_dcount(i % 2) OVER (ORDER BY i) FROM generate_series(1, 3) AS i") == [
        (1,),
        (2,),
        (2,),
    ]


@pytest.mark.parametrize("rows", [500, 3000, 60000])
def test_states_of_parts_merge_in_any_order(sql, rows):
    sql(f"CREATE TABLE t AS SELECT i, md5((i % {rows // 2})::text) AS v FROM generate_series(1, {rows}) AS i")
    sql("CREATE TABLE states AS SELECT madlib.fmsketch_dcount_state(v) AS s, i % 9 AS part FROM t GROUP BY 2")
    whole = sql.value("SELECT madlib.fmsketch_dcount(v) FROM t")
    assert sql.value("SELECT madlib.fmsketch_dcount_merge(s) FROM states") == whole
    assert sql.value("SELECT madlib.fmsketch_dcount_merge(s ORDER BY part DESC) FROM states") == whole
    twice = "SELECT madlib.fmsketch_dcount_merge_state(s) AS s FROM states GROUP BY part % 2"
    assert sql.value(f"SELECT madlib.fmsketch_dcount_merge(s) FROM ({twice}) AS t") == whole


def test_parallel_workers_agree(sql):
    sql("CREATE TABLE t AS SELECT (i % 9999)::text AS v FROM generate_series(1, 50000) AS i")
    query = "SELECT madlib.fmsketch_dcount(v) FROM t"
    alone = sql.value(query)
    sql(
        "ALTER TABLE t SET (parallel_workers = 2); SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0;"
        " SET min_parallel_table_scan_size = 0"
    )
    assert "Partial Aggregate" in str(sql(f"EXPLAIN {query}"))
    assert sql.value(query) == alone


def test_texts_that_a_collation_holds_equal(sql):
    sql("CREATE COLLATION no_case (provider = icu, locale = 'und-u-ks-level2', deterministic = false)")
    count = "SELECT madlib.fmsketch_dcount(v COLLATE no_case) FROM (VALUES ('a'), ('A'), ('b')) AS t(v)"
    assert sql.value(count) == 2
    sql("CREATE DOMAIN word AS text COLLATE no_case; CREATE TABLE t (v word)")
    sql("INSERT INTO t VALUES ('a'), ('A')")
    assert sql.value("SELECT madlib.fmsketch_dcount(v) FROM t") == 1


def test_a_malformed_state_says_so(sql):
    error = sql.fails("SELECT madlib.fmsketch_dcount_merge('\\x00')")
    assert (error.sqlstate, error.message) == ("22P03", "malformed state of fmsketch_dcount")
    assert error.hint == "Pass a state that fmsketch_dcount_state() of this version of madpy returned."
    error = sql.fails("SELECT madlib.__fmsketch_accum(NULL, 1)")
    assert error.message == "fmsketch_dcount called outside an aggregate"
