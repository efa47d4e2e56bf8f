"""importance of projects and of tables of trainings, beside coefficients, gains and permutations in numpy."""

import numpy as np
import pytest

from tests.projects.kept import keep, project_of, quoted


def importance(sql, model, *more):
    given = ", ".join([str(model), *map(quoted, more)])
    return sql.rows(f"SELECT * FROM pgml.importance({given})")


def test_importance_from_coefficients_and_impurity(sql, diabetes):
    model = keep(sql, "d", "target", "age, bmi", "ridge")
    details = sql.value(f"SELECT details -> 'coef' FROM pgml.models WHERE id = {model}")
    rows = importance(sql, model)
    assert {row["method"] for row in rows} == {"coefficients"}
    assert {row["feature"]: row["importance"] for row in rows} == {k: abs(v) for k, v in details.items()}
    forest = keep(sql, "d", "target", "age, bmi", "random_forest")
    rows = importance(sql, forest)
    assert [row["feature"] for row in rows] == ["bmi", "age"]
    assert sum(row["importance"] for row in rows) == pytest.approx(1)
    assert {row["method"] for row in rows} == {"impurity"}
    assert sql.fails(f"SELECT * FROM pgml.importance({forest}, 'coefficients')").message == (
        "pgml.importance: the model has no coefficients"
    )


def test_importance_by_permutation(sql):
    """The target is 3 a, and b is noise: permuting a leaves nothing to explain, permuting b little less."""
    sql("SELECT setseed(0.5)")
    sql("CREATE TABLE t AS SELECT random() AS a, random() AS b FROM generate_series(1, 2000)")
    sql("ALTER TABLE t ADD y float8; UPDATE t SET y = 3 * a")
    model = keep(sql, "t", "y", "a, b", "nearest_neighbors", test_size=0.25)
    (a, b) = importance(sql, model)
    assert (a["feature"], b["feature"], a["method"]) == ("a", "b", "permutation")
    # r2 of 3 a' for 3 a, independent and of equal variance, is -1
    assert a["importance"] == pytest.approx(2, abs=0.25)
    assert b["importance"] > 0
    sql("CREATE TABLE u AS SELECT * FROM t ORDER BY y; DROP TABLE t; ALTER TABLE u RENAME TO t")
    assert importance(sql, model) == [a, b]


def test_importance_of_classes_and_of_a_project(sql):
    sql("SELECT madlib.load_dataset('iris', 'i')")
    model = keep(sql, "i", "target_name", "sepal_width, petal_length", "nearest_neighbors", "classification")
    rows = sql.rows(f"SELECT * FROM pgml.importance({quoted(project_of(sql, model))})")
    assert [row["feature"] for row in rows] == ["petal_length", "sepal_width"]
    assert 0.3 < rows[0]["importance"] < 0.8


def test_importance_of_an_array_column(sql):
    """The target is 3 v[2]; elements 1 and 3 are noise, and each element is permuted by itself."""
    sql("SELECT setseed(0.5)")
    sql(
        "CREATE TABLE t AS SELECT ARRAY[random(), random(), random()] AS v FROM generate_series(1, 2000);"
        " ALTER TABLE t ADD y float8; UPDATE t SET y = 3 * v[2]"
    )
    model = keep(sql, "t", "y", "v", "linear", test_size=0.25)
    rows = importance(sql, model, "permutation")
    assert {row["feature"]: row["importance"] for row in rows} == pytest.approx(
        {"v[1]": 0, "v[2]": 2, "v[3]": 0}, abs=0.25
    )
    sql("SELECT madlib.regr_train('t', 'm', 'y', 'v')")
    rows = table_importance(sql, "permutation", "t")
    assert {row["feature"]: row["importance"] for row in rows} == pytest.approx(
        {"v[1]": 0, "v[2]": 2, "v[3]": 0}, abs=0.25
    )


def table_importance(sql, method="auto", relation="d", **more):
    given = "".join(f", {name} => {quoted(value)}" for name, value in more.items())
    return sql.rows(f"SELECT * FROM pgml.importance('m', {quoted(method)}, {quoted(relation)}{given})")


TRAININGS = [
    ("regr", "target", ""), ("logregr", "target > 140", ""), ("glm", "target", ", family => 'poisson'"),
]  # fmt: skip


@pytest.mark.parametrize(("method", "target", "more"), TRAININGS)
def test_standardised_coefficients_of_a_table(sql, diabetes, method, target, more):
    """|coefficient| times numpy's deviation of the column, of the indicator for a level."""
    sql("ALTER TABLE d ADD word text; UPDATE d SET word = CASE WHEN age < 40 THEN 'a' ELSE 'b' END")
    sql(f"SELECT madlib.{method}_train('d', 'm', '{target}', 'bmi, word, ln(bp)'{more})")
    values = np.array(sql("SELECT bmi, (word = 'b')::int, ln(bp) FROM d"), float)
    coef = np.array(sql.value("SELECT coef FROM m"))[1:]
    wanted = dict(zip(["bmi", "word=b", "ln(bp)"], abs(coef) * values.std(axis=0), strict=True))
    rows = table_importance(sql, features="bmi, word, ln(bp)")
    assert {row["feature"]: row["importance"] for row in rows} == pytest.approx(wanted)
    assert {row["method"] for row in rows} == {"coefficients"}
    assert [row["importance"] for row in rows] == sorted((row["importance"] for row in rows), reverse=True)


def test_coefficients_of_groups_are_weighed_by_their_rows(sql, diabetes):
    sql("SELECT madlib.regr_train('d', 'm', 'target', 'ARRAY[1, bmi, age]', 'sex')")
    total = np.zeros(2)
    for sex, coef in sql("SELECT sex, coef FROM m"):
        values = np.array(sql(f"SELECT bmi, age FROM d WHERE sex = {sex}"), float)
        total += len(values) * abs(np.array(coef[1:])) * values.std(axis=0)
    rows = table_importance(sql)
    assert {row["feature"]: row["importance"] for row in rows} == pytest.approx(
        dict(zip(["bmi", "age"], total / 442, strict=True))
    )


def test_gains_of_a_tree_are_those_of_dtree_importance(sql, diabetes):
    sql("SELECT madlib.dtree_train('d', 'm', 'target', 'age, bmi, bp', 'sex', max_depth => 4)")
    wanted = dict(sql("SELECT feature, avg(importance) FROM madlib.dtree_importance('m') GROUP BY 1"))
    rows = sql.rows("SELECT * FROM pgml.importance('m')")
    assert {row["feature"]: row["importance"] for row in rows} == pytest.approx(wanted)
    assert {row["method"] for row in rows} == {"impurity"}


def test_figures_of_sk_train_are_those_of_its_details(sql, diabetes):
    """With groups the mean of absolute coefficients; a forest has the decrease of impurity."""
    sql("SELECT madlib.sk_train('d', 'm', 'target', 'age, bmi', 'ridge', grouping_cols => 'sex')")
    details = [row for (row,) in sql("SELECT details -> 'coef' FROM m")]
    wanted = {name: np.mean([abs(one[name]) for one in details]) for name in ("age", "bmi")}
    rows = sql.rows("SELECT * FROM pgml.importance('m')")
    assert {row["feature"]: row["importance"] for row in rows} == pytest.approx(wanted)
    assert {row["method"] for row in rows} == {"coefficients"}
    sql("DROP TABLE m, m_summary; SELECT madlib.sk_train('d', 'm', 'target', 'age, bmi', 'random_forest')")
    assert {row["method"] for row in sql.rows("SELECT * FROM pgml.importance('m')")} == {"impurity"}
    sql("""UPDATE m SET details = '{"importances": [{"age": "x"}], "coef": 5}'""")
    assert {row["method"] for row in table_importance(sql)} == {"permutation"}


@pytest.mark.parametrize("method", ["regr", "logregr", "nb", "dtree", "sk", "glm"])
def test_every_table_by_permutation(sql, method):
    """The target depends on a alone, and its permutation takes the r2 from 1 to -1, or accuracy to a half."""
    sql("SELECT setseed(0.5)")
    sql("CREATE TABLE t AS SELECT random() AS a, random() AS b FROM generate_series(1, 2000)")
    sql("ALTER TABLE t ADD y float8, ADD hit boolean; UPDATE t SET y = 3 * a, hit = a > 0.5")
    is_class = method in ("logregr", "nb")
    more = {"sk": ", 'ridge'", "glm": ", family => 'gaussian'"}.get(method, "")
    sql(f"SELECT madlib.{method}_train('t', 'm', '{'hit' if is_class else 'y'}', 'a, b'{more})")
    a, b = table_importance(sql, "permutation", "t")
    assert (a["feature"], b["feature"], a["method"]) == ("a", "b", "permutation")
    assert a["importance"] == pytest.approx(0.5 if is_class else 2, abs=0.25)
    assert abs(b["importance"]) < 0.05 and a["deviation"] > 0
    sql("CREATE TABLE u AS SELECT * FROM t ORDER BY y")
    assert table_importance(sql, "permutation", "u") == [a, b]
    assert sql("SELECT relname FROM pg_class WHERE relnamespace = pg_my_temp_schema()") == []


def test_columns_of_expressions_are_permuted(sql, diabetes):
    """Columns that no prediction changes with are left out, and so is the target."""
    sql("SELECT madlib.regr_train('d', 'm', 'target', 'ARRAY[1, bmi * bp, ln(age)]')")
    rows = table_importance(sql, "permutation", features="ARRAY[1, bmi * bp, ln(age)]")
    assert {row["feature"] for row in rows} == {"bmi", "bp", "age"}


def test_importance_of_a_project_over_another_relation(sql, diabetes):
    model = keep(sql, "d", "target", "age, bmi", "ridge", test_size=0.25)
    sql("CREATE TABLE e AS SELECT age, bmi, target AS goal FROM d WHERE age > 40")
    rows = importance(sql, model, "permutation", "e", "goal")
    assert [row["feature"] for row in rows] == ["bmi", "age"]
    name = project_of(sql, model)
    assert sql.fails(f"SELECT * FROM pgml.importance({quoted(name)}, features => 'age')").message == (
        "pgml.importance: a project has the features of its training"
    )


def test_rows_that_another_cluster_gets_where_a_column_is_permuted(sql):
    """Two clusters of equal size, apart in a only: half of the rows go to the other one."""
    sql("SELECT setseed(0.5)")
    sql("CREATE TABLE t AS SELECT i % 2 * 10 + random() AS a, random() AS b FROM generate_series(1, 2000) i")
    sql("SELECT madlib.kmeans_train('t', 'm', 'a, b', 2)")
    for relation in ("t", "(SELECT * FROM t ORDER BY b)"):
        sql(f"DROP TABLE IF EXISTS u; CREATE TABLE u AS SELECT * FROM {relation} AS t")
        a, b = table_importance(sql, relation="u")
        assert (a["feature"], b["feature"], b["importance"]) == ("a", "b", 0)
        assert a["importance"] == pytest.approx(0.5, abs=0.03) and a["method"] == "permutation"


@pytest.mark.parametrize("features", ["age, bmi", "v"])
def test_a_relation_without_a_column_of_the_model(sql, diabetes, features):
    sql("ALTER TABLE d ADD v float8[]; UPDATE d SET v = ARRAY[age, bmi]")
    sql(f"SELECT madlib.regr_train('d', 'm', 'target', '{features}')")
    sql("CREATE TABLE e AS SELECT age, target FROM d")
    failure = sql.fails("SELECT * FROM pgml.importance('m', 'permutation', 'e')")
    name = "bmi" if "," in features else "v[1]"
    assert failure.message == f'pgml.importance: column "{name}" of table "e" does not exist'


def test_errors_of_importance(sql, diabetes):
    sql("SELECT madlib.sk_train('d', 'k', NULL, 'age, bmi', 'pca')")
    sql("SELECT madlib.regr_train('d', 'm', 'target', 'age')")
    fails = {
        "'k', relation => 'd'": "a model of decomposition has no figures over a table",
        "'m'": "the importance of features by coefficients needs rows",
        "'m', 'impurity'": "the model has no impurity",
        "'m', 'gain'": 'method: unknown value "gain"',
        "'nothing'": 'there is no project and no table "nothing"',
        "'d'": 'the summary table "d_summary" of the model does not exist',
    }
    for arguments, message in fails.items():
        failure = sql.fails(f"SELECT * FROM pgml.importance({arguments})")
        assert failure.message == f"pgml.importance: {message}"
