"""evaluate beside sklearn.metrics over the same predictions, which SQL functions of madlib make."""

import math

import numpy as np
import pytest
from sklearn import calibration, metrics

from tests.projects.figures import PETALS, classification_metrics, figures, metric, regression_metrics
from tests.projects.kept import keep, project_of, quoted


def shares_of(sql, call, rows, classes):
    """Probabilities of the classes, a row for each row of the table in the order of ctid."""
    found = sql(f"SELECT p.class, p.probability FROM {rows}, {call} AS p ORDER BY {rows}.ctid")
    by_row = np.array([one for _, one in found]).reshape(-1, len(classes))
    assert [label for label, _ in found[: len(classes)]] == classes
    return by_row


def test_regression_of_a_project_by_name_and_by_number(sql, diabetes):
    model = keep(sql, "d", "target", "age, bmi, bp", "ridge")
    truth, predicted = np.array(
        sql(f"SELECT target, madlib.sk_predict((SELECT model FROM pgml.models WHERE id = {model}), d) FROM d")
    ).T
    for rows in (figures(sql, project_of(sql, model), "d"), figures(sql, model, "d"), figures(sql, model)):
        assert metric(rows) == pytest.approx(regression_metrics(truth, predicted), rel=1e-12)
        assert {row["name"]: row["value"] for row in rows["rows"]} == {"num_rows": 442, "num_rows_skipped": 0}


def test_the_order_of_rows_changes_no_bit(sql, diabetes):
    model = keep(sql, "d", "target", "age, bmi, bp", "ridge")
    sql("CREATE TABLE e AS SELECT * FROM d ORDER BY bp, age DESC")
    assert metric(figures(sql, model, "d")) == metric(figures(sql, model, "e"))


@pytest.mark.parametrize("algorithm", ["random_forest", "linear", "linear_svm"])
def test_classification_of_three_classes(sql, iris, algorithm):
    model = keep(sql, "i", "kind", PETALS, algorithm, "classification")
    item = f"(SELECT model FROM pgml.models WHERE id = {model})"
    labels = np.array(sql(f"SELECT kind, madlib.sk_predict_class({item}, i) FROM i ORDER BY ctid"))
    rows = figures(sql, model, "i")
    classes = ["setosa", "versicolor", "virginica"]
    has_shares = algorithm != "linear_svm"
    shares = (
        shares_of(sql, f"madlib.sk_predict_prob({item}, i)", "i", classes)
        if has_shares
        else np.zeros((150, 3))
    )
    with np.errstate(all="ignore"):
        wanted = classification_metrics(
            labels[:, 0], labels[:, 1], shares if has_shares else shares + 1 / 3, classes
        )
    for name in () if has_shares else ("log_loss", "roc_auc", "brier"):
        del wanted[name]
    measured = metric(rows)
    assert {name: measured[name] for name in wanted} == pytest.approx(wanted, rel=1e-12)
    assert ("log_loss" in measured) == has_shares
    table = np.zeros((3, 3), int)
    for row in rows["confusion"]:
        table[classes.index(row["class"]), classes.index(row["name"])] = row["value"]
    assert table.tolist() == metrics.confusion_matrix(labels[:, 0], labels[:, 1]).tolist()
    own = metrics.precision_recall_fscore_support(labels[:, 0], labels[:, 1])
    for values, name in zip(own, ("precision", "recall", "f1", "support"), strict=True):
        assert [row["value"] for row in rows["class"] if row["name"] == name] == pytest.approx(list(values))
    if has_shares:
        _check_curves(rows, labels[:, 0], shares, classes)


def _check_curves(rows, truth, shares, classes):
    for code, label in enumerate(classes):
        false, true, thresholds = metrics.roc_curve(truth == label, shares[:, code], drop_intermediate=False)
        points = [(row["x"], row["value"], row["threshold"]) for row in rows["roc"] if row["class"] == label]
        assert set(points) <= set(zip(false.tolist(), true.tolist(), thresholds.tolist(), strict=True))
        area = np.trapezoid([one[1] for one in points], [one[0] for one in points])
        assert area == pytest.approx(metrics.roc_auc_score(truth == label, shares[:, code]))
        share, mean = calibration.calibration_curve(truth == label, shares[:, code], n_bins=10)
        bins = [row for row in rows["calibration"] if row["class"] == label]
        assert [row["value"] for row in bins] == pytest.approx(list(share))
        assert [row["x"] for row in bins] == pytest.approx(list(mean))
        assert sum(row["num_rows"] for row in bins) == len(truth)


def test_classification_of_two_classes(sql, iris):
    sql("CREATE TABLE two AS SELECT *, kind = 'virginica' AS big FROM i WHERE kind <> 'setosa'")
    model = keep(sql, "two", "big", "sepal_length, sepal_width", "linear", "classification")
    item = f"(SELECT model FROM pgml.models WHERE id = {model})"
    labels = np.array(sql(f"SELECT big::text, madlib.sk_predict_class({item}, two) FROM two ORDER BY ctid"))
    shares = shares_of(sql, f"madlib.sk_predict_prob({item}, two)", "two", ["false", "true"])
    wanted = classification_metrics(labels[:, 0], labels[:, 1], shares, ["false", "true"])
    measured = metric(figures(sql, model, "two"))
    assert {name: measured[name] for name in wanted} == pytest.approx(wanted, rel=1e-12)


def test_clusters_of_a_table_and_of_a_project(sql, iris):
    sql(f"SELECT madlib.kmeans_train('i', 'm', '{PETALS}', 3)")
    sql("SELECT madlib.kmeans_predict('m', 'i', 'p')")
    found = np.array(sql(f"SELECT cluster_id, {PETALS} FROM p"))
    rows = figures(sql, "m", "i")
    assert metric(rows)["silhouette"] == pytest.approx(metrics.silhouette_score(found[:, 1:], found[:, 0]))
    sizes = np.unique(found[:, 0], return_counts=True)[1]
    assert [row["value"] for row in rows["cluster"]] == list(sizes)
    model = keep(sql, "i", None, PETALS, "kmeans", "clustering", preprocess='{"*": {"scale": "standard"}}')
    found = np.array(
        sql(
            f"SELECT madlib.sk_predict((SELECT model FROM pgml.models WHERE id = {model}), i), {PETALS}"
            " FROM i"
        )
    )
    scaled = (found[:, 1:] - found[:, 1:].mean(axis=0)) / found[:, 1:].std(axis=0)
    measured = metric(figures(sql, model, "i"))
    assert measured["silhouette"] == pytest.approx(metrics.silhouette_score(scaled, found[:, 0]))


def test_rows_without_a_target_or_a_feature_are_skipped_and_counted(sql, diabetes):
    sql("CREATE TABLE e AS SELECT * FROM d")
    sql("UPDATE e SET bmi = NULL WHERE age < 30; UPDATE e SET target = NULL WHERE age > 70")
    model = keep(sql, "d", "target", "age, bmi, bp", "ridge")
    rows = {row["name"]: row["value"] for row in figures(sql, model, "e")["rows"]}
    skipped = sql.value("SELECT count(*) FROM e WHERE bmi IS NULL OR target IS NULL")
    assert rows == {"num_rows": 442 - skipped, "num_rows_skipped": skipped}


def test_labels_of_another_type_and_labels_that_no_class_has(sql, iris):
    sql(
        "CREATE TABLE n AS SELECT *, CASE kind"
        " WHEN 'setosa' THEN 1 WHEN 'virginica' THEN 2 ELSE 3 END AS code"
        " FROM i"
    )
    model = keep(sql, "n", "code", PETALS, "random_forest", "classification")
    sql("CREATE TABLE f AS SELECT *, code::float8 AS written FROM n")
    assert metric(figures(sql, model, "f", "written")) == metric(figures(sql, model, "n"))
    sql("UPDATE f SET written = 9 WHERE code = 3")
    rows = figures(sql, model, "f", "written")
    assert metric(rows)["accuracy"] == pytest.approx(100 / 150, abs=0.05)
    assert {row["class"] for row in rows["confusion"]} == {"1", "2", "9"}


def test_a_quoted_name_and_several_targets(sql):
    sql("SELECT madlib.load_dataset('linnerud', 'l')")
    names = [
        name
        for (name,) in sql("SELECT attname FROM pg_attribute WHERE attrelid = 'l'::regclass AND attnum > 0")
    ]
    features, targets = names[:3], names[3:]
    model = keep(sql, "l", ", ".join(targets), ", ".join(features), "ridge")
    sql('ALTER TABLE l RENAME TO "the ""lot"')
    rows = figures(sql, model, '"the ""lot"')
    item = f"madlib.sk_predict_all((SELECT model FROM pgml.models WHERE id = {model}), t)"
    found = np.array(
        [[*row[:3], *row[3]] for row in sql(f'SELECT {", ".join(targets)}, {item} FROM "the ""lot" AS t')]
    )
    wanted = metrics.r2_score(found[:, :3], found[:, 3:])
    assert metric(rows)["r2"] == pytest.approx(wanted)
    each = [row["value"] for row in rows["target"] if row["name"] == "r2"]
    assert each == pytest.approx(list(metrics.r2_score(found[:, :3], found[:, 3:], multioutput="raw_values")))
    assert not any(math.isnan(value) for value in each)


def test_errors(sql, diabetes):
    failure = sql.fails("SELECT * FROM pgml.evaluate('nothing', 'd')")
    assert (failure.sqlstate, failure.message) == (
        "42704", 'pgml.evaluate: there is no project and no table "nothing"',
    )  # fmt: skip
    assert sql.fails("SELECT * FROM pgml.evaluate('Red Wine', 'd')").message == (
        'pgml.evaluate: there is no project and no table "Red Wine"'
    )
    assert sql.fails("SELECT * FROM pgml.evaluate(987654321, 'd')").message == (
        "pgml.evaluate: model 987654321 does not exist"
    )
    assert sql.fails("SELECT * FROM pgml.evaluate('d', 'd')").sqlstate == "42P01"
    model = keep(sql, "d", "target", "age", "ridge")
    sql("CREATE TABLE empty AS SELECT * FROM d LIMIT 0")
    assert sql.fails(f"SELECT * FROM pgml.evaluate({model}, 'empty')").message == (
        "pgml.evaluate: no row has both a target and a prediction"
    )


def test_a_project_takes_no_features(sql, diabetes):
    model = keep(sql, "d", "target", "age", "ridge")
    name = quoted(project_of(sql, model))
    assert sql.fails(f"SELECT * FROM pgml.evaluate({name}, 'd', features => 'age')").message == (
        "pgml.evaluate: a project has the features of its training"
    )


def test_data_are_read_with_the_rights_of_the_caller(sql, diabetes, role, schema):
    model = keep(sql, "d", "target", "age", "ridge")
    sql(f"GRANT USAGE ON SCHEMA {schema} TO {role}")
    sql(f"SET ROLE {role}")
    assert sql.fails(f"SELECT * FROM pgml.evaluate({model}, 'd')").message == (
        f"pgml.evaluate: model {model} does not exist"
    )


HOSTILE = 'a")from x;alter role y superuser;select 1--'


def test_hostile_names_of_columns_and_tables(sql, schema):
    """Every verb over a table whose name and columns carry statements and names that the library uses."""
    names = [HOSTILE, "s", "shares", "it's", "{x:i}", "madpy_row"]
    columns = ", ".join('"' + name.replace('"', '""') + '"' for name in names)
    table = '"t""); DROP TABLE i; --"'
    sql(
        f"CREATE TABLE {table} ({columns.replace(',', ' float8,')} float8, y float8, c text);"
        f" INSERT INTO {table} SELECT i, i % 3, i % 5, i % 7, i * i % 11, i % 13, 3 * i + i % 3,"
        " CASE WHEN i % 3 = 0 THEN E'x''\\\\' ELSE '$$y' END FROM generate_series(1, 60) AS i"
    )
    for target, task, algorithm in (
        ("y", "regression", "ridge"),
        ("c", "classification", "decision_tree"),
        ("c", "classification", "nearest_neighbors"),
    ):
        model = keep(sql, f"{schema}.{table}", target, columns, algorithm, task)
        full = f"{schema}.{table}"
        rows = figures(sql, model, full)
        assert metric(rows)["r2" if task == "regression" else "accuracy"] > 0.5
        assert len(sql(f"SELECT * FROM pgml.importance({model})")) == 6
        if algorithm == "nearest_neighbors":
            continue
        sql("DROP FUNCTION IF EXISTS written")
        sql(sql.value(f"SELECT pgml.model_sql({model}, 'written')"))
        function = "sk_predict" if task == "regression" else "sk_predict_class"
        assert sql(
            f"SELECT DISTINCT written({columns}) = madlib.{function}(m.model, {columns})"
            f" FROM {table}, pgml.models AS m WHERE id = {model}"
        ) == [(True,)]
    assert not sql.value("SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = 'y')")
