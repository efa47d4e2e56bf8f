"""explain of tables with a model for each group, and of tables that are not what a training made."""

import pytest

from tests.projects.kept import keep, quoted

HOSTILE = 'a")from x;alter role y superuser;select 1--'


def off(sql, rows="d", model="m"):
    """Return how far sums of contributions are from predictions at most, and how many rows have none."""
    sql(f"DROP TABLE IF EXISTS p; SELECT madlib.regr_predict({quoted(model)}, '{rows}', 'p')")
    return sql(
        f"""
        SELECT max(abs(prediction - total)), count(*) FILTER (WHERE prediction IS NULL),
               count(*) FILTER (WHERE (prediction IS NULL) <> (total IS NULL))
        FROM p, LATERAL (SELECT sum(contribution) AS total FROM pgml.explain({quoted(model)}, p)) AS e
        """
    )[0]


def test_the_group_of_a_row_is_chosen_by_its_columns(sql, diabetes):
    sql("ALTER TABLE d ADD word text; UPDATE d SET word = CASE WHEN age > 50 THEN E'o''\\\\ld' END")
    sql("SELECT madlib.regr_train('d', 'm', 'target', 'bmi, bp', 'word, sex')")
    assert sql.value("SELECT count(*) FROM m") == 4
    most, missing, differ = off(sql)
    assert most < 1e-9 and missing == differ == 0
    sql("UPDATE d SET sex = 3 WHERE age = 60")
    most, missing, differ = off(sql)
    assert most < 1e-9 and missing > 0 and differ == 0


@pytest.mark.parametrize("kind", ["numeric(5, 2)", "float8", "bigint", "smallint"])
def test_groups_are_compared_as_values_of_the_rows_type(sql, diabetes, kind):
    sql("SELECT madlib.regr_train('d', 'm', 'target', 'bmi, bp', 'sex')")
    sql(f"ALTER TABLE d ALTER sex TYPE {kind}")
    most, missing, differ = off(sql)
    assert most < 1e-9 and missing == differ == 0


def test_groups_of_times_whatever_the_session_writes_times_like(sql, diabetes):
    sql("ALTER TABLE d ADD day timestamptz, ADD share float8")
    sql("UPDATE d SET day = timestamptz '2020-05-01 12:00' + sex * interval '1 day', share = sex / 3.0")
    sql("SELECT madlib.regr_train('d', 'm', 'target', 'bmi, bp', 'day, share')")
    sql("SET DateStyle = 'SQL, DMY'; SET extra_float_digits = 0; SET TimeZone = 'Asia/Tokyo'")
    most, missing, differ = off(sql)
    assert most < 1e-9 and missing == differ == 0


def test_rows_of_other_shapes(sql, diabetes):
    sql("SELECT madlib.regr_train('d', 'm', 'target', 'bmi, bp', 'sex')")
    failure = sql.fails("SELECT pgml.explain('m', 25.0, 100)")
    assert (failure.sqlstate, failure.message) == ("42809", "the table has a model for each group")
    failure = sql.fails("SELECT pgml.explain('m', x) FROM (SELECT bmi, bp FROM d) AS x")
    assert (failure.sqlstate, failure.message) == ("42703", 'the row has no column "sex"')
    assert sql("SELECT pgml.explain('m', NULL::d)") == []
    rows = "(SELECT bp, bmi, sex, 1 AS more FROM d LIMIT 2)"
    assert sql.value(f"SELECT count(*) FROM {rows} AS x, pgml.explain('m', x)") == 6


def test_a_table_that_changes_and_a_project_of_its_name(sql, diabetes):
    """A statement sees the table as it is, by the session's search_path; a project of its name goes first."""
    sql("SELECT madlib.regr_train('d', 'm', 'target', 'bmi')")
    base = "SELECT contribution FROM pgml.explain('m', 0.0) WHERE feature IS NULL"
    assert sql.value(base) == sql.value("SELECT coef[1] FROM m")
    sql("UPDATE m SET coef = ARRAY[1, 2]")
    assert sql.value(base) == 1
    sql("CREATE TEMPORARY TABLE m AS SELECT * FROM m; UPDATE m SET coef = ARRAY[5, 2]")
    sql("CREATE TEMPORARY TABLE m_summary AS SELECT * FROM m_summary")
    assert sql.value(base) == 5
    model = keep(sql, "d", "target", "bmi", "ridge", project="m")
    assert sql(base) == sql(f"SELECT contribution FROM pgml.explain({model}, 0.0) WHERE feature IS NULL")
    sql("SELECT pgml.drop_project('m')")


def test_hostile_names(sql, diabetes):
    name = '"' + HOSTILE.replace('"', '""') + '"'
    group = '"' + HOSTILE.replace('"', '""') + '2"'
    sql(f"ALTER TABLE d RENAME bmi TO {name}; ALTER TABLE d RENAME sex TO {group}")
    arguments = ", ".join(map(quoted, ["d", name, "target", f"{name}, bp", group]))
    sql(f"SELECT madlib.regr_train({arguments})")
    most, missing, differ = off(sql, model=name)
    assert most < 1e-9 and missing == differ == 0
    assert len(sql(f"SELECT * FROM pgml.importance({quoted(name)}, relation => 'd')")) == 2


def test_tables_that_are_no_models(sql, diabetes, schema, role):
    sql("SELECT madlib.kmeans_train('d', 'k', 'age, bmi', 2)")
    sql("SELECT madlib.regr_train('d', 'm', 'target', 'bmi, bp')")
    sql("ALTER TABLE d ADD twice float8; UPDATE d SET twice = 2 * bmi")
    sql("SELECT madlib.regr_train('d', 'a', 'target', 'bmi, twice')")
    fails = {
        "k": "this is not possible for a model of kmeans_train",
        "d": 'the summary table "d_summary" of the model does not exist',
        "a": 'term "twice" was not estimated, as it is a combination of others',
    }
    for table, message in fails.items():
        assert sql.fails(f"SELECT pgml.explain('{table}', 1, 2)").message == f"pgml.explain: {message}"
    sql("UPDATE m SET coef = ARRAY[1, 2]")
    assert sql.fails("SELECT pgml.explain('m', 1, 2)").message == (
        'pgml.explain: table "m" is not a model of regr_train'
    )
    sql(f"GRANT USAGE ON SCHEMA {schema} TO {role}; SET ROLE {role}")
    assert sql.fails("SELECT pgml.explain('m', 1, 2)").sqlstate == "42501"


def altered(sql, method, features, change):
    sql(f"DROP TABLE IF EXISTS m, m_summary; SELECT madlib.{method}_train('d', 'm', 'target', '{features}')")
    sql(change)
    return sql.fails("SELECT pgml.explain('m', 1, 2)").sqlstate


def test_altered_tables_are_errors(sql, diabetes):
    """Whoever writes a table of a model gets errors, and no crash, from whoever explains by it."""
    nodes = ["DELETE FROM m WHERE node = 2", "UPDATE m SET num_rows = 0", "UPDATE m SET node = node + 1"]
    for change in nodes:
        assert altered(sql, "dtree", "bmi, bp", change) in ("42809", "22P03")
    for byte in range(24, 400, 25):
        change = f"UPDATE m_summary SET model = set_byte(model, {byte}, get_byte(model, {byte}) # 1)"
        assert altered(sql, "dtree", "bmi, bp", change) == "22P03"
    for change in ("ALTER method TYPE text[] USING ARRAY[method]", "ALTER target TYPE int USING 1"):
        assert altered(sql, "regr", "bmi, bp", f"ALTER TABLE m_summary {change}") == "42809"
    for coefficients in ("'{}'", "'{1,2}'", "'{{1,2,3}}'", "'{{1},{2},{3}}'"):
        assert altered(sql, "regr", "bmi, bp", f"UPDATE m SET coef = {coefficients}") == "42809"
    for change in ("'null'", "'{}'", """'{"terms": [], "references": {}}'"""):
        assert altered(sql, "regr", "bmi, bp", f"UPDATE m_summary SET terms = {change}") == "22P02"
