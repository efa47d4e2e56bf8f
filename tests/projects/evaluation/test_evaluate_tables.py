"""evaluate of tables that trainings made, beside sklearn.metrics over the predictions of their methods."""

import numpy as np
import pytest

from tests.projects.figures import PETALS, classification_metrics, figures, metric, regression_metrics

TABLES = {
    "regr": "regr_train('d', 'm', 'target', 'age, bmi')",
    "glm": "glm_train('d', 'm', 'target', 'age, bmi', 'poisson')",
    "dtree": "dtree_train('d', 'm', 'target', 'age, bmi', max_depth => 3)",
    "sk": "sk_train('d', 'm', 'target', 'age, bmi', 'knn')",
}


@pytest.mark.parametrize("method", TABLES)
def test_tables_of_regressions(sql, diabetes, method):
    call = TABLES[method].replace("'knn'", "'nearest_neighbors'")
    sql(f"SELECT madlib.{call}")
    sql(f"SELECT madlib.{method}_predict('m', 'd', 'p')")
    truth, predicted = np.array(sql("SELECT target, prediction FROM p"), float).T
    assert metric(figures(sql, "m", "d")) == pytest.approx(regression_metrics(truth, predicted), rel=1e-12)


@pytest.mark.parametrize("method", ["nb", "dtree", "sk"])
def test_tables_of_classifications(sql, iris, method):
    more = ", 'random_forest'" if method == "sk" else ""
    sql("ALTER TABLE i ADD n serial")
    sql(f"SELECT madlib.{method}_train('i', 'm', 'kind', '{PETALS}'{more})")
    sql(f"SELECT madlib.{method}_predict_prob('m', 'i', 'p')")
    classes = ["setosa", "versicolor", "virginica"]
    shares = np.array(sql("SELECT probability FROM p ORDER BY n, prediction")).reshape(-1, 3)
    sql(f"SELECT madlib.{method}_predict('m', 'i', 'q')")
    labels = np.array(sql("SELECT kind, prediction FROM q ORDER BY n"))
    wanted = classification_metrics(labels[:, 0], labels[:, 1], shares, classes)
    measured = metric(figures(sql, "m", "i"))
    assert {name: measured[name] for name in wanted} == pytest.approx(wanted, rel=1e-12)


def test_a_table_of_logregr_with_an_expression_as_target(sql, diabetes):
    sql("SELECT madlib.logregr_train('d', 'm', 'target > 140', 'age, bmi, bp')")
    sql("SELECT madlib.logregr_predict('m', 'd', 'p')")
    rows = sql("SELECT (target > 140)::text, prediction::text, probability FROM p")
    truth, predicted = np.array([row[0] for row in rows]), np.array([row[1] for row in rows])
    second = np.array([row[2] for row in rows])
    wanted = classification_metrics(
        truth, predicted, np.column_stack([1 - second, second]), ["false", "true"]
    )
    measured = metric(figures(sql, "m", "d", "target > 140"))
    assert {name: measured[name] for name in wanted} == pytest.approx(wanted, rel=1e-12)
    failure = sql.fails("SELECT * FROM pgml.evaluate('m', 'd')")
    assert failure.message == "pgml.evaluate: y_column_name must not be NULL"


def test_models_of_groups_are_evaluated_together(sql, diabetes):
    sql("SELECT madlib.regr_train('d', 'm', 'target', 'age, bmi', 'sex')")
    sql("SELECT madlib.regr_predict('m', 'd', 'p')")
    truth, predicted = np.array(sql("SELECT target, prediction FROM p"), float).T
    assert metric(figures(sql, "m", "d")) == pytest.approx(regression_metrics(truth, predicted), rel=1e-12)
