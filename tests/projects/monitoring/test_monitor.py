"""validate_skew and validate_drift over tables whose distributions are known."""

import pytest

from tests.session import Session

TRAIN = "SELECT pgml.train('Watched', 'regression', 'before', 'y', 'linear', exclude => 'i'{more})"
SKEW = """
    SELECT feature, kind, psi, distance, nulls, nulls_before, verdict
    FROM pgml.validate_skew('Watched', '{now}')
"""


@pytest.fixture
def watched(sql: Session) -> Session:
    """A session in a transaction with a project over 4,000 rows: a number, a category, a flag and a day."""
    sql(
        """
        BEGIN;
        CREATE TABLE before AS
        SELECT i, (i * 7919) % 4000 / 4000.0::float8 AS x,
               CASE WHEN i % 4 = 0 THEN 'rare' ELSE 'usual' END AS kind,
               i % 2 = 0 AS flag, DATE '2020-01-01' + (i * 31) % 365 AS day, i::float8 AS y
        FROM generate_series(0, 3999) AS i
        """
    )
    sql(TRAIN.format(more=""))
    return sql


def test_the_same_rows_are_stable(watched: Session) -> None:
    rows = watched(SKEW.format(now="before"))
    assert [(row[0], row[1]) for row in rows] == [
        ("x", "number"), ("kind", "category"), ("flag", "number"), ("day", "number"),
    ]  # fmt: skip
    assert {row[-1] for row in rows} == {"stable"}
    assert all(row[2] < 0.02 and row[3] < 0.03 and row[4] == row[5] == 0 for row in rows)


def test_each_feature_that_moved_is_named(watched: Session) -> None:
    """x moves by half its range: half the rows of each half lie in the other, a distance of 0.5."""
    watched(
        """
        CREATE TABLE now AS
        SELECT x + 0.5 AS x, CASE WHEN i % 2 = 0 THEN 'new' ELSE kind END AS kind,
               CASE WHEN i % 5 > 0 THEN flag END AS flag, day + 400 AS day FROM before
        """
    )
    found = {row[0]: row for row in watched(SKEW.format(now="now"))}
    assert found["x"][3] == pytest.approx(0.5, abs=0.02)
    # shares before 0.25, 0.75, 0 and now 0, 0.5, 0.5: half of 0.25 + 0.05 + 0.5 is 0.4
    assert found["kind"][3] == pytest.approx(0.4**0.5, abs=0.02)
    assert found["day"][3] == 1
    assert found["flag"][4] == pytest.approx(0.2)
    verdicts = {name: row[-1] for name, row in found.items()}
    assert verdicts == {"x": "changed", "kind": "changed", "flag": "stable", "day": "changed"}


def test_drift_compares_two_tables(watched: Session) -> None:
    watched(
        "CREATE TABLE a AS SELECT * FROM before WHERE x < 0.5;"
        " CREATE TABLE b AS SELECT * FROM before WHERE x >= 0.5"
    )
    rows = watched("SELECT feature, distance, verdict FROM pgml.validate_drift('Watched', 'a', 'b')")
    assert rows[0] == ("x", 1, "changed")
    assert {row[2] for row in rows[1:]} == {"stable"}
    same = watched("SELECT distance, psi FROM pgml.validate_drift('Watched', 'a', 'a')")
    assert all(distance < 0.011 and psi < 0.01 for distance, psi in same)


def test_a_distance_has_a_threshold_of_its_own(watched: Session) -> None:
    """Three quarters of the rows are of one level before, and seven eighths now."""
    watched(
        "CREATE TABLE now AS SELECT x, flag, day, CASE WHEN i % 8 = 0 THEN 'rare' ELSE 'usual' END AS kind"
        " FROM before"
    )
    call = "SELECT distance, distance_threshold, verdict FROM pgml.validate_skew('Watched', 'now'{more})"
    call += " WHERE feature = 'kind'"
    ((distance, threshold, verdict),) = watched(call.format(more=""))
    assert distance == pytest.approx(0.16, abs=0.02)  # half of 0.0156 / 0.375 + 0.0156 / 1.625 is 0.0256
    assert (threshold, verdict) == (0.25, "changed a little")
    assert watched(call.format(more=", distance_threshold => 0.1"))[0][1:] == (0.1, "changed")


def test_an_array_of_features(watched: Session) -> None:
    watched("CREATE TABLE vectors AS SELECT ARRAY[x, 1 - x] AS v, y FROM before")
    watched("SELECT pgml.train('Vectors', 'regression', 'vectors', 'y', 'linear')")
    rows = watched("SELECT feature, verdict FROM pgml.validate_skew('Vectors', 'vectors')")
    assert rows == [("v[1]", "stable"), ("v[2]", "stable")]


def test_nothing_but_null(watched: Session) -> None:
    watched("CREATE TABLE now AS SELECT NULL::float8 AS x, NULL::text AS kind, flag, day FROM before")
    rows = watched(SKEW.format(now="now"))
    assert [(row[2], row[4], row[-1]) for row in rows[:2]] == [(None, 1, "unknown")] * 2


@pytest.mark.parametrize(
    ("call", "message"),
    [
        ("validate_skew('Unwatched', 'before')", 'project "Unwatched" does not exist'),
        ("validate_skew('Watched', 'nowhere')", 'table "nowhere" does not exist'),
        ("validate_skew('Watched', 'before', -1)", "threshold must be at least 0, not -1.0"),
        (
            "validate_skew('Watched', 'before', distance_threshold => 2)",
            "distance_threshold must be between 0 and 1, not 2.0",
        ),
        ("validate_drift('Watched', 'before', NULL)", "baseline must not be null"),
    ],
)
def test_wrong_arguments(watched: Session, call: str, message: str) -> None:
    failure = watched.fails(f"SELECT * FROM pgml.{call}")
    assert failure.message.split(": ", 1)[1] == message


def test_a_missing_column(watched: Session) -> None:
    watched("CREATE TABLE short AS SELECT x, flag, day FROM before")
    failure = watched.fails("SELECT * FROM pgml.validate_skew('Watched', 'short')")
    assert failure.message == 'pgml.validate_skew: table "short" has no column "kind"'
    assert failure.sqlstate == "42703"
