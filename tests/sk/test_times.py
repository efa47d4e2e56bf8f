"""Dates, times and intervals as features: seconds, or categories, whatever the session's settings are."""

import pytest

SECONDS = {
    "d": "extract(epoch FROM d)",
    "at": "extract(epoch FROM at)",
    "since": "extract(epoch FROM since)",
    "at_noon": "extract(epoch FROM at_noon)",
    "lasts": "extract(epoch FROM lasts)",
}


@pytest.fixture
def times(sql):
    """Table h: 30 rows with a time of each type, microseconds included, and a number y."""
    sql(
        """
        CREATE TABLE h AS
        SELECT i AS id, sqrt(i) AS y, date '2020-01-01' + i * i AS d, t AS at, t::timestamptz AS since,
               t::time AS at_noon, (i % 3) * interval '1 mon' + (i * i) * interval '1 h 3.25 s' AS lasts
        FROM (SELECT i, timestamp '1999-12-30 12:34:56.789012' + i * interval '7 h 11.000007 s' AS t
              FROM generate_series(1, 30) AS i) AS r
        """
    )


@pytest.mark.parametrize("column", SECONDS)
def test_times_are_seconds(sql, times, train, column):
    """The model of a time is that of PostgreSQL's own EXTRACT(epoch ...), and predicts the same of it."""
    train("y", column, "linear", "m")
    train("y", f"({SECONDS[column]})::float8", "linear", "n")
    assert sql.value("SELECT details->'coef'->>0 FROM m") == sql.value("SELECT details->'coef'->>0 FROM n")
    differences = sql.value(
        f"SELECT count(*) FROM h, m, n WHERE madlib.sk_predict(m.model, {column}) IS DISTINCT FROM"
        f" madlib.sk_predict(n.model, ({SECONDS[column]})::float8)"
    )
    assert differences == 0
    sql("SELECT madlib.sk_predict('m', 'h', 'p')")
    assert sql.value(f"SELECT bool_and(prediction = madlib.sk_predict(model, {column})) FROM p, m")


def test_a_time_with_a_zone_as_a_category(sql, times, train):
    """Its levels are of UTC: the zone of the session changes neither a model nor a prediction."""
    sql("UPDATE h SET since = timestamptz '2020-01-31 23:30:00+00' + (id % 3) * interval '1 hour'")
    predict = "SELECT madlib.sk_predict(model, since) FROM h, m ORDER BY id"
    found = []
    for trained, used in [("UTC", "UTC"), ("Asia/Tokyo", "America/New_York"), ("UTC", "Asia/Kolkata")]:
        sql(f"DROP TABLE IF EXISTS m, m_summary; SET timezone = '{trained}'")
        train("y", "since", "linear", categorical_cols="since")
        sql(f"SET timezone = '{used}'; DROP TABLE IF EXISTS p; SELECT madlib.sk_predict('m', 'h', 'p')")
        found.append((sql(predict), sql("SELECT id, prediction FROM p ORDER BY id")))
    assert found[0] == found[1] == found[2]
    assert len(set(found[0][0])) == 3
    assert next(iter(sql.value("SELECT details->'coef' FROM m"))) == "since=2020-01-31 23:30:00"


@pytest.mark.parametrize("column", ["d", "at", "at_noon"])
def test_other_times_as_categories(sql, times, train, column):
    sql("UPDATE h SET d = date '2020-02-03' + id % 2, at = at - at_noon + (id % 2) * interval '0.000001'")
    sql("UPDATE h SET at_noon = time '10:00' + (id % 2) * interval '1 s'")
    train("y", column, "linear", categorical_cols=column)
    assert sql.value(f"SELECT count(DISTINCT madlib.sk_predict(model, {column})) FROM h, m") > 1


def test_an_interval_is_no_category(sql, times):
    error = sql.refuses(
        "SELECT madlib.sk_train('h', 'm', 'y', 'lasts', 'linear', categorical_cols => 'lasts')"
    )
    assert (error.sqlstate, error.message) == (
        "42804",
        'sk_train: categorical_cols: "lasts" is an interval, and equal ones may have several texts',
    )
    assert error.hint == "Cast it to text, or leave it out of categorical_cols."


def test_what_is_not_finite_is_missing(sql, times, train):
    sql("UPDATE h SET since = 'infinity', at = '-infinity', d = 'infinity' WHERE id = 1")
    for column in ("since", "at", "d"):
        row = train("y", column, "linear", column)
        assert row["num_missing_rows_skipped"] == 1
        assert sql(f"SELECT madlib.sk_predict(model, h.{column}) FROM h, {column} WHERE id = 1") == [(None,)]
