"""regr_agg, mregr_* and their states in any SELECT."""

import pytest

SAME_LENGTH = "features must have the same length in every row"
ONES = "ARRAY[1, bedroom, bath, size]"


@pytest.fixture(autouse=True)
def houses(sql):
    sql("SELECT madlib.load_dataset('houses')")


def test_as_written_in_the_manual(sql):
    coef = sql.value("SELECT madlib.mregr_coef(price, array[1, bedroom, bath, size]) FROM houses")
    sql("SELECT madlib.regr_train('houses', 'm', 'price', 'ARRAY[1, bedroom, bath, size]')")
    assert coef == sql.value("SELECT coef FROM m")


def test_the_parts_are_those_of_the_record(sql):
    row = sql(
        f"""
        SELECT madlib.mregr_coef(price, x), madlib.regr_coef(price, x), madlib.mregr_r2(price, x),
               madlib.mregr_tstats(price, x), madlib.mregr_pvalues(price, x)
        FROM (SELECT price, {ONES} AS x FROM houses) AS h
        """
    )
    whole = sql(
        f"SELECT (fit).coef, (fit).coef, (fit).r2, (fit).t_stats, (fit).p_values"
        f" FROM (SELECT madlib.regr_agg(price, {ONES}) AS fit FROM houses) AS f"
    )
    assert row == whole


def test_simple_regression_as_postgresql_has_it(sql):
    (row,) = sql(
        """
        SELECT madlib.mregr_coef(price, ARRAY[1, size]),
               ARRAY[regr_intercept(price, size), regr_slope(price, size)],
               madlib.mregr_r2(price, ARRAY[1, size]), regr_r2(price, size)
        FROM houses
        """
    )
    assert row[0] == pytest.approx(row[1], rel=1e-10)
    assert row[2] == pytest.approx(row[3], rel=1e-10)


def test_group_by_filter_and_distinct(sql):
    fit = "madlib.mregr_coef(price, ARRAY[1, size])"
    grouped = sql(f"SELECT bedroom, {fit} FROM houses WHERE bedroom > 2 GROUP BY 1 ORDER BY 1")
    filtered = sql(f"SELECT {fit} FILTER (WHERE bedroom = 3), {fit} FILTER (WHERE bedroom = 4) FROM houses")
    assert [coef for _, coef in grouped] == list(filtered[0])
    sql("CREATE TABLE twice AS SELECT * FROM houses UNION ALL SELECT * FROM houses")
    distinct = "SELECT madlib.mregr_coef(DISTINCT price, ARRAY[1, size]) FROM twice"
    assert sql.value(distinct) == sql.value("SELECT madlib.mregr_coef(price, ARRAY[1, size]) FROM houses")


def test_over_a_window(sql):
    """The final function is called per row and leaves the state as it was."""
    running = sql(
        "SELECT id, (madlib.regr_agg(price, ARRAY[1, size]) OVER (ORDER BY id)).num_rows_processed,"
        " (madlib.mregr_coef(price, ARRAY[1, size]) OVER (ORDER BY id))[2] FROM houses ORDER BY id"
    )
    for id_, rows, slope in running[2:]:
        assert rows == id_
        whole = f"SELECT (madlib.mregr_coef(price, ARRAY[1, size]))[2] FROM houses WHERE id <= {id_}"
        assert slope == pytest.approx(sql.value(whole), rel=1e-13)


def test_states_are_kept_and_merged(sql):
    sql(
        f"CREATE TABLE states AS SELECT id % 4 AS part, madlib.moments_state(price, {ONES}) AS state"
        " FROM houses GROUP BY 1"
    )
    merged = sql("SELECT (madlib.regr_fit(madlib.moments_merge(state))).std_err FROM states")
    assert merged == sql(f"SELECT (madlib.regr_agg(price, {ONES})).std_err FROM houses")


def test_weights(sql):
    """A weight of 2 is a row twice, in coefficients if not in degrees of freedom."""
    sql("CREATE TABLE twice AS SELECT * FROM houses UNION ALL SELECT * FROM houses WHERE bath = 2")
    weight = "CASE WHEN bath = 2 THEN 2 ELSE 1 END"
    weighted = f"SELECT (madlib.regr_agg(price, {ONES}, {weight})).coef FROM houses"
    assert sql.value(weighted) == pytest.approx(
        sql.value(f"SELECT madlib.mregr_coef(price, {ONES}) FROM twice"), rel=1e-12
    )


def test_parallel_workers_give_the_same(sql):
    """Partial states come in any order, and the sums do not care to the last bit but one."""
    sql("CREATE TABLE big AS SELECT i AS id, sin(i) AS y, cos(i % 99) AS a FROM generate_series(1, 50000) i")
    query = "SELECT madlib.mregr_coef(y, ARRAY[1, a, id]) FROM big"
    alone = sql.value(query)
    sql("SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0; SET min_parallel_table_scan_size = 0")
    plan = "\n".join(line for (line,) in sql(f"EXPLAIN {query}"))
    assert "Partial Aggregate" in plan
    assert sql.value(query) == pytest.approx(alone, rel=1e-14)


def test_nothing_to_aggregate(sql):
    none = f"SELECT madlib.mregr_coef(price, {ONES}), madlib.mregr_r2(price, {ONES}) FROM houses WHERE false"
    assert sql(none) == [(None, None)]
    row = sql(
        "SELECT (f).* FROM (SELECT madlib.regr_agg(NULL, ARRAY[1, size]) AS f FROM houses OFFSET 0) AS s"
    )[0]
    assert row[0] is None
    assert row[6:8] == (0, 15)
    assert sql.value("SELECT madlib.mregr_coef(price, NULL) FROM houses") is None


@pytest.mark.parametrize(
    ("x", "sqlstate", "message"),
    [
        ("ARRAY[1, size, 'NaN'::float8]", "22003", "feature 3 is NaN in some row"),
        ("array_fill(1::float8, ARRAY[id])", "2202E", f"{SAME_LENGTH}: 2 after 1"),
        ("ARRAY[[1, size]]", "2202E", "features must be an array of one dimension, not of 2"),
        ("'{}'::float8[]", "2202E", "features must not be an empty array"),
        ("array_fill(1::float8, ARRAY[2001])", "54011", "2002 columns are too many"),
    ],
)  # fmt: skip
def test_bad_features(sql, x, sqlstate, message):
    query = f"SELECT madlib.regr_agg(price, {x}) FROM (SELECT * FROM houses ORDER BY id) AS h"
    error = sql.fails(query)
    assert (error.sqlstate, error.message) == (sqlstate, message)


@pytest.mark.parametrize(
    ("coef", "x", "prediction"),
    [
        ("{1,2}", "{1,10}", 21),
        ("{1,NULL}", "{1,0}", 1),  # an aliased term: nothing is known of it
        ("{1,NULL}", "{1,10}", None),
        ("{NULL,2,3}", "{0,10,100}", 320),
        ("{NULL,2,3}", "{NaN,10,100}", None),
        ("{1,2}", "{1,NULL}", None),
        ("{1,2}", "{1,NaN}", float("nan")),
        ("{1,2}", "{1,Infinity}", float("inf")),
        ("{1e16,1,-1e16}", "{1,1,1}", 1),  # compensated
        (None, "{1,10}", None),
        ("{1,2}", None, None),
    ],
)
def test_predict_a_row(sql, coef, x, prediction):
    arrays = ", ".join("NULL::float8[]" if a is None else f"'{a}'::float8[]" for a in (coef, x))
    assert sql.value(f"SELECT madlib.regr_predict({arrays})") == pytest.approx(prediction, nan_ok=True)


@pytest.mark.parametrize(("coef", "x"), [("{1,2}", "{1}"), ("{1,2}", "{1,2,3}"), ("{1}", "{}")])
def test_predict_a_row_of_another_length(sql, coef, x):
    error = sql.fails(f"SELECT madlib.regr_predict('{coef}'::float8[], '{x}'::float8[])")
    assert error.sqlstate == "2202E"
    assert "not fit" in error.message
    assert error.hint.startswith("Give the features in the order of training")
