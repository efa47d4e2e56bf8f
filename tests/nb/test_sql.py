"""nb_train and what comes after it, as SQL."""

import pytest

from tests.nb.conftest import call

WEATHER = [
    ("sunny", 85.0, False, "no"),
    ("sunny", 80.0, True, "no"),
    ("overcast", 83.0, False, "yes"),
    ("rain", 70.0, False, "yes"),
    ("rain", 65.0, True, "no"),
    ("overcast", 64.0, True, "yes"),
    ("sunny", None, False, "yes"),
    (None, 75.0, True, "yes"),
    ("rain", 71.0, True, None),
]


@pytest.fixture(autouse=True)
def weather(load):
    outlook, temp, windy, play = zip(*WEATHER, strict=True)
    load(outlook=outlook, temp=temp, windy=windy, y=play)


def test_the_record_and_the_tables(sql, nb, schema):
    row = nb("outlook, temp, windy")
    assert (row["method"], row["output_table"], row["summary_table"]) == (
        "nb",
        f"{schema}.m",
        f"{schema}.m_summary",
    )
    assert (row["num_groups"], row["num_rows_processed"], row["num_missing_rows_skipped"]) == (1, 8, 1)
    assert (row["classes"], row["class_type"]) == (["no", "yes"], "text")
    assert sql("SELECT * FROM m WHERE class = 'no'") == [
        ("no", 0.375, "outlook", "categorical", None, None, "overcast", 1 / 6, 0),
        ("no", 0.375, "outlook", "categorical", None, None, "rain", 2 / 6, 1),
        ("no", 0.375, "outlook", "categorical", None, None, "sunny", 3 / 6, 2),
        ("no", 0.375, "temp", "numeric", 230 / 3, pytest.approx(650 / 9), None, None, 3),
        ("no", 0.375, "windy", "categorical", None, None, "false", 2 / 5, 1),
        ("no", 0.375, "windy", "categorical", None, None, "true", 3 / 5, 2),
    ]
    kept = {name: row[name] for name in row if name not in ("duration", "options")}
    (summary,) = sql.rows("SELECT * FROM m_summary")
    assert {name: summary[name] for name in kept} == kept


def test_columns_are_of_built_in_types(sql, nb):
    nb("outlook, temp")
    rows = sql(
        "SELECT DISTINCT typnamespace::regnamespace::text"
        " FROM pg_attribute JOIN pg_type ON pg_type.oid = atttypid"
        " WHERE attrelid IN ('m'::regclass, 'm_summary'::regclass) AND attnum > 0"
    )
    assert rows == [("pg_catalog",)]


def test_prediction_of_a_row(sql, nb):
    nb("outlook, temp, windy")
    model = "(SELECT model FROM m_summary)"
    by_text = sql(f"SELECT * FROM madlib.nb_predict_prob({model}, ARRAY['sunny', '66', 'true'])")
    by_code = sql(f"SELECT * FROM madlib.nb_predict_prob({model}, ARRAY[2, 66, 1])")
    assert by_text == by_code
    assert [label for label, _ in by_text] == ["no", "yes"]
    assert sum(probability for _, probability in by_text) == pytest.approx(1, rel=1e-15)
    best = max(by_text, key=lambda row: row[1])[0]
    assert sql.value(f"SELECT madlib.nb_predict({model}, ARRAY['sunny', '66', 'true'])") == best


@pytest.mark.parametrize(
    ("features", "same"),
    [
        ("NULL, NULL, NULL", None),
        ("'hail', NULL, NULL", None),
        ("'hail', 'NaN', 'perhaps'", None),
        ("NULL, 'Infinity', NULL", None),
        ("'rain', NULL, 'x'", "'rain', NULL, NULL"),
    ],
)
def test_what_is_not_known_is_left_out(sql, nb, features, same):
    nb("outlook, temp, windy")
    query = "SELECT p.* FROM m_summary, madlib.nb_predict_prob(model, ARRAY[{}]::text[]) AS p"
    expected = sql(query.format(same)) if same else [("no", 0.375), ("yes", 0.625)]
    assert sql(query.format(features)) == [(label, pytest.approx(p)) for label, p in expected]


@pytest.mark.parametrize("value", [1e300, -1e300, 1e9])
def test_far_from_all_that_was_seen(sql, nb, value):
    nb("temp, windy")
    rows = sql(f"SELECT p.* FROM m_summary, madlib.nb_predict_prob(model, ARRAY[{value!r}, 1]) AS p")
    assert sum(probability for _, probability in rows) == pytest.approx(1)


def test_without_smoothing(sql, nb):
    """A value that a class never had is all but impossible; two such do not make a division by zero."""
    nb("outlook, windy", smoothing=0)
    assert sql.value("SELECT probability FROM m WHERE class = 'no' AND value = 'overcast'") == 0
    rows = sql("SELECT p.* FROM m_summary, madlib.nb_predict_prob(model, ARRAY['overcast', 'false']) AS p")
    assert rows == [("no", pytest.approx(0, abs=1e-300)), ("yes", 1.0)]


def test_a_category_without_values(sql, nb):
    """A category without values is left out, and is a category all the same."""
    nb("temp, nullif(outlook, outlook)")
    assert sql("SELECT DISTINCT feature, kind, value, probability FROM m ORDER BY 1") == [
        ("nullif(outlook, outlook)", "categorical", None, None),
        ("temp", "numeric", None, None),
    ]


def test_prediction_of_a_table(sql, nb):
    nb("outlook, temp, windy")
    assert sql("SELECT num_rows, num_null_predictions FROM madlib.nb_predict('m', 't', 'p')") == [(9, 0)]
    assert sql("SELECT num_rows, num_null_predictions FROM madlib.nb_predict_prob('m', 't', 'q')") == [
        (18, 0)
    ]
    most = "SELECT DISTINCT ON (outlook, temp) prediction FROM q ORDER BY outlook, temp, probability DESC"
    assert sql("SELECT prediction FROM p ORDER BY outlook, temp") == sql(most)
    assert sql.value("SELECT sum(probability) FROM q") == pytest.approx(9)


def test_a_view_sees_what_comes_after_it(sql, nb, schema):
    nb("outlook, temp, windy")
    assert sql.value("SELECT madlib.nb_create_view('m', 't', 'v')") == f"{schema}.v"
    sql("SELECT madlib.nb_predict('m', 't', 'p')")
    assert sql("SELECT * FROM v ORDER BY 1, 2") == sql("SELECT * FROM p ORDER BY 1, 2")
    sql("INSERT INTO t VALUES ('overcast', 64, true, NULL)")
    assert sql.value("SELECT prediction FROM v WHERE y IS NULL AND outlook = 'overcast'") == "yes"
    assert sql.fails("DROP TABLE m_summary").sqlstate == "2BP01"


@pytest.mark.parametrize("feed", ["streaming", "store"])
def test_groups(sql, nb, feed, monkeypatch):
    """A group that training did not see has no prediction; one where the target is NULL has no model."""
    sql(
        "ALTER TABLE t ADD g text;"
        "UPDATE t SET g = CASE WHEN y IS NULL THEN 'none' WHEN temp > 74 THEN 'hot' END"
    )
    if feed == "store":  # what the planner expects is what decides
        sql("CREATE TABLE u AS SELECT t.*, i FROM t, generate_series(1, 4000) AS i; ANALYZE u")
        nb("temp, outlook", source="u", grouping_cols="g, i")
        sql("CREATE VIEW s AS SELECT * FROM m_summary WHERE i = 7")
        sql("CREATE VIEW o AS SELECT * FROM m WHERE i = 7")
        assert sql.value("SELECT num_groups FROM s LIMIT 1") == 12000
    else:
        nb("temp, outlook", grouping_cols="g")
        sql("CREATE VIEW s AS SELECT * FROM m_summary; CREATE VIEW o AS SELECT * FROM m")
    assert sql("SELECT g, num_rows_processed, num_missing_rows_skipped, model IS NULL FROM s ORDER BY g") == [
        ("hot", 4, 0, False),
        ("none", 0, 1, True),
        (None, 4, 0, False),
    ]
    assert sql("SELECT DISTINCT g, class, prior FROM o ORDER BY 1, 2") == [
        ("hot", "no", 0.5),
        ("hot", "yes", 0.5),
        (None, "no", 0.25),
        (None, "yes", 0.75),
    ]
    assert sql("SELECT value FROM o WHERE g = 'hot' AND feature = 'outlook' AND class = 'no'") == [
        ("overcast",),
        ("sunny",),
    ]
    if feed == "streaming":
        sql("INSERT INTO t VALUES ('rain', 60, false, NULL, 'new')")
        sql("SELECT madlib.nb_predict('m', 't', 'p')")
        assert sql("SELECT g, count(prediction), count(*) FROM p GROUP BY g ORDER BY g") == [
            ("hot", 4, 4), ("new", 0, 1), ("none", 0, 1), (None, 4, 4),
        ]  # fmt: skip


@pytest.mark.parametrize(
    ("target", "sql_type", "classes"),
    [
        ("windy", "boolean", ["false", "true"]),
        ("(temp / 10)::int", "integer", ["6", "7", "8"]),
        ("outlook::weather", "text", ["rain", "overcast", "sunny"]),
        ("temp::numeric(9,2)", "numeric", ["64", "65", "70", "71", "75", "80", "83", "85"]),
        ("temp", "double precision", ["64", "65", "70", "71", "75", "80", "83", "85"]),
        ("outlook::varchar(20)", "text", ["overcast", "rain", "sunny"]),
    ],
)
def test_a_target_of_any_type(sql, nb, target, sql_type, classes):
    sql("CREATE TYPE weather AS ENUM ('rain', 'overcast', 'sunny')")
    row = nb("y, windy" if "temp" in target else "y", target)
    assert row["classes"] == classes
    sql("SELECT madlib.nb_predict('m', 't', 'p')")
    assert sql.value("SELECT atttypid::regtype FROM pg_attribute WHERE attrelid = 'p'::regclass"
                     " AND attname = 'prediction'") == sql_type  # fmt: skip


def test_features_as_an_array_and_as_expressions(sql, nb):
    sql("ALTER TABLE t ADD v float8[]; UPDATE t SET v = ARRAY[temp, temp ^ 2]")
    nb("v")
    sql(call("ARRAY[temp, temp ^ 2]", output="n"))
    figures = "SELECT class, mean, variance, count FROM {} ORDER BY 1, 2"
    assert sql(figures.format("m")) == sql(figures.format("n"))
    sql("SELECT madlib.nb_predict('m', 't', 'p')")
    error = sql.fails("SELECT madlib.nb_predict('n', 't', 'q')")
    assert error.message == "nb_predict: the model has an expression among its features: temp ^ 2"
    sql("SELECT madlib.nb_predict('n', 't', 'q', 'temp, temp ^ 2')")
    assert sql("SELECT prediction FROM p ORDER BY ctid") == sql("SELECT prediction FROM q ORDER BY ctid")


def test_the_aggregate_in_parts(sql):
    """States of parts merge into the state of the whole, bit by bit; the rows that wait included."""
    sql("CREATE TABLE s AS SELECT i % 3 AS y, ARRAY[sin(i), i % 5, NULLIF(i % 7, 0)] AS x, i % 4 AS part"
        " FROM generate_series(1, 1000) AS i")  # fmt: skip
    cell = "array_fill(0, ARRAY[5]) || ARRAY['inf', '-inf']::float8[]"
    start = (
        f"ARRAY[3, 0, 5, 0, 0, 0, 0]::float8[] || {cell} || {cell} || {cell} || array_fill(0, ARRAY[15])"
        + (f" || {cell}" * 3)
    )
    whole = sql.value(f"SELECT encode(madlib.nb_state(y, x, {start}), 'hex') FROM s")
    merged = sql.value(
        "SELECT encode(madlib.nb_merge(state), 'hex') FROM"
        f" (SELECT madlib.nb_state(y, x, {start}) AS state FROM s GROUP BY part) AS parts"
    )
    assert len(whole) == len(merged) == 2 * (44 + 8 * (4 + 3 + 42 + 15))
    columns = f"SELECT encode(madlib.__nb_columns(y, {start}, x[1], x[2], x[3]), 'hex') FROM s"
    assert sql.value(columns) == whole
    error = sql.fails("SELECT madlib.nb_state(y, x, '{3,0,0}') FROM s")
    assert error.message == "these parameters do not fit 3 features"
    error = sql.fails(f"SELECT madlib.nb_state(y + 1, x, {start}) FROM s")
    assert error.message == "the target has the code 3 in some row, which is none of the 3 classes"


@pytest.mark.parametrize(
    ("x", "start"),
    [
        ("{1}", "{1,0}"),  # no space behind the shape
        ("{1}", "{10000,0}"),
        ("{1}", "{NaN,0}"),
        ("{NaN,1}", "{1,-5,0,0,0,0,0,0,0,0}"),  # counted as -1 level, which leaves space for a number
        ("{NaN,1}", "{1,NaN,0,0,0,0,0,0,0,0}"),
        ("{NaN,1}", "{1,0.5,0,0,0,0,0,0,0,0}"),
    ],
)
def test_a_shape_that_nobody_wrote(sql, x, start):
    """A shape says where the kernel writes: it must be whole."""
    error = sql.fails(f"SELECT madlib.nb_state(0, '{x}', '{start}')")
    assert error.sqlstate == "22023"
    assert error.message == f"these parameters do not fit {x.count(',') + 1} features"


def test_verbose(sql, nb):
    nb("outlook, temp", verbose=True)
    assert [notice.severity for notice in sql.notices] == ["INFO"] * 3
    assert sql.notices[0].message == "nb_train: y by outlook, temp, smoothing 1.0"
    assert sql.notices[2].message == "nb_train: 2 classes, 1 group(s), 8 rows, 1 skipped"


def test_an_integer_as_a_number_and_as_a_category(sql, nb):
    sql("ALTER TABLE t ADD n int; UPDATE t SET n = temp::int % 3")
    nb("n, temp", categorical_cols="n")
    assert sql("SELECT value FROM m WHERE class = 'no' AND feature = 'n'") == [("0",), ("1",), ("2",)]
    sql("SELECT madlib.nb_predict('m', 't', 'p')")
    by_text = "SELECT madlib.nb_predict(model, ARRAY[n::text, temp::text]) FROM t, m_summary ORDER BY t.ctid"
    assert sql("SELECT prediction FROM p ORDER BY ctid") == sql(by_text)


def test_many_groups_by_either_feed(sql, nb):
    """The planner expects more than 3000 groups: a store is filled, unless it must not be."""
    sql(
        "CREATE TABLE s AS SELECT 'y' || i % 3 AS y, 1e6 + sin(i) AS a,"
        " NULLIF(i % 4, 0)::text AS b, i % 4000 AS g FROM generate_series(1, 40000) AS i; ANALYZE s"
    )
    nb("a, b", source="s", grouping_cols="g", verbose=True)
    assert "by store" in sql.notices[1].message
    sql("SET madpy.store_memory = 0")
    nb("a, b", source="s", output="n", grouping_cols="g", verbose=True)
    assert "by streaming" in sql.notices[1].message
    sql("RESET madpy.store_memory")
    assert sql.value("SELECT count(DISTINCT g) FROM m") == 4000
    assert sql("SELECT * FROM m EXCEPT TABLE n") == []
    assert sql("SELECT g, model FROM m_summary EXCEPT SELECT g, model FROM n_summary") == []
