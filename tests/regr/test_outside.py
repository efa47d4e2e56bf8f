"""The drivers outside the server, over madpy's own plpy, write the same tables as inside it."""

import pytest

from madpy.errors import MadpyError
from madpy.ports.postgres import plpy
from madpy.ports.postgres.session.udf import run
from tests.regr.call import call

ORDER = (
    *("source_table", "output_table", "target", "features", "grouping_cols"),
    *("heteroskedasticity_option", "weights", "robust", "verbose"),
)


@pytest.fixture(autouse=True)
def connection(database, sql, schema):
    """madpy's own connection, in the test's schema, where there is a table t."""
    sql(
        "CREATE TABLE t AS SELECT i::float8 AS a, 'k' || i % 3 AS k, i % 2 = 0 AS flag, i % 4 AS g,"
        " nullif(sin(i), sin(7)) AS y, (i % 5)::float8 AS w FROM generate_series(1, 60) AS i"
    )
    plpy.connect(database.database, database.host, database.port, database.user)
    plpy.execute(f"SET search_path = {schema}, public")
    yield
    plpy.close()


def outside(features: str, **options):
    given = {"source_table": "t", "output_table": "outside", "target": "y", "features": features} | options
    return run(plpy, "madlib", "regr.train", [given.get(name) for name in ORDER])


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"robust": True},
        {"heteroskedasticity_option": True},
        {"weights": "w", "robust": True},
        {"grouping_cols": "g"},
        {"grouping_cols": "g, flag", "robust": True, "heteroskedasticity_option": True},
    ],
)
def test_the_same_model(sql, options):
    for features in ("a, k", "ARRAY[1, a, sqrt(a)]"):
        sql(call(features, output="inside", **options))
        outside(features, **options)
        assert sql("SELECT inside FROM inside ORDER BY 1") == sql("SELECT outside FROM outside ORDER BY 1")
        types = "SELECT attname, atttypid FROM pg_attribute WHERE attrelid = '{}'::regclass AND attnum > 0"
        assert sql(types.format("inside")) == sql(types.format("outside"))
        sql("DROP TABLE inside, inside_summary, outside, outside_summary")


def test_the_same_summary(sql):
    """But for what is of the run: tables, times."""
    (inside,) = sql.rows(call("a, k, flag", output="inside"))
    given = outside("a, k, flag")
    sql.notices.clear()
    (written,) = sql.rows("TABLE outside_summary")
    for name in ("output_table", "summary_table", "duration", "trained_at"):
        del inside[name], written[name], given[name]
    assert inside == written
    assert {name: given[name] for name in ("r2", "feature_names", "num_groups", "trained_by")} == {
        name: inside[name] for name in ("r2", "feature_names", "num_groups", "trained_by")
    }


def test_predict_and_summary(sql):
    sql(call("a, k", grouping_cols="g"))
    made = run(plpy, "madlib", "regr.predict.predict", ["m", "t", "outside", None])
    sql("SELECT madlib.regr_predict('m', 't', 'inside')")
    assert sql("TABLE inside EXCEPT ALL TABLE outside") == []
    assert (made["num_rows"], made["num_null_predictions"]) == (60, 0)
    terms = run(plpy, "madlib", "regr.predict.summary", ["m"])
    wanted = sql("SELECT term, estimate, p_value, signif FROM madlib.regr_summary('m')")
    assert [(row["term"], row["estimate"], row["p_value"], row["signif"]) for row in terms] == wanted


def test_an_error_is_the_same_and_leaves_nothing(sql):
    for features, options in (("nope", {}), ("a", {"target": "1"}), ("a, 1 / (a - 3)", {"robust": True})):
        with pytest.raises(MadpyError) as error:
            outside(features, **options)
        inside = sql.fails(call(features, output="inside", **options))
        assert (error.value.message, error.value.sqlstate) == (inside.message, inside.sqlstate)
        assert (error.value.hint, error.value.detail) == (inside.hint, inside.detail)
        assert sql.value("SELECT to_regclass('outside')") is None
        assert plpy.execute("SELECT pg_current_xact_id_if_assigned()::text AS x")[0]["x"] is None


def test_within_the_callers_own_transaction(sql):
    plpy.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
    outside("a")
    with pytest.raises(MadpyError):
        outside("a")
    outside("k", output_table="more")
    plpy.execute("COMMIT")
    assert sql("SELECT count(*) FROM outside_summary UNION ALL SELECT count(*) FROM more_summary") == [
        (1,),
        (1,),
    ]
    plpy.execute("BEGIN ISOLATION LEVEL SERIALIZABLE")
    outside("a", output_table="undone")
    plpy.execute("ROLLBACK")
    assert sql.value("SELECT to_regclass('undone')") is None


def test_a_transaction_of_many_snapshots_is_refused():
    """Outside the server there is no way to run one statement under the snapshot of another."""
    plpy.execute("BEGIN")
    with pytest.raises(MadpyError) as error:
        outside("a")
    assert error.value.sqlstate == "25000"
    assert (
        error.value.message
        == "regr_train: in a READ COMMITTED transaction each pass would see different rows"
    )
    assert error.value.hint == "Begin it with BEGIN ISOLATION LEVEL REPEATABLE READ."
    assert plpy.execute("SELECT 1 AS goes_on")
    plpy.execute("ROLLBACK")


def test_warnings_and_verbose_lines_go_to_stderr(capsys):
    outside("a, 2 * a", verbose=True)
    lines = capsys.readouterr().err.splitlines()
    assert "WARNING:  a combination of earlier terms, and so not estimated: 2 * a" in lines
    assert lines[0].startswith("INFO:  regr_train: y on (Intercept), a, 2 * a, from ")
