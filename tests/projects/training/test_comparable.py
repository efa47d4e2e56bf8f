"""A trained and the deployed model: their scores are of the same rows, as sklearn.metrics has them."""

import numpy as np
import pytest
from sklearn import metrics


@pytest.fixture
def easy_then_hard(sql):
    """Tables easy and hard of one shape: y is 2 x and little noise, or much; rows of hard are others."""
    sql("SELECT setseed(0.25)")
    for table, noise in (("easy", 0.01), ("hard", 1.0)):
        sql(
            f"CREATE TABLE {table} AS SELECT random() AS x, random() AS z, 0.0::float8 AS y"
            " FROM generate_series(1, 400)"
        )
        sql(f"UPDATE {table} SET y = 2 * x + {noise} * (random() - 0.5)")


def train(sql, relation, **more):
    given = "".join(f", {name} => {value}" for name, value in more.items())
    (row,) = sql.rows(f"SELECT * FROM pgml.train('Comparable', 'regression', '{relation}', 'y'{given})")
    return row


def test_a_harder_snapshot_does_not_keep_a_worse_model_deployed(sql, easy_then_hard):
    """The first score is of easy rows, and the second one of hard rows is lower; on the hard rows the second
    model is better."""
    sql("UPDATE easy SET y = 1.5 * x + 0.2")
    first = train(sql, "easy", algorithm="'linear'")
    second = train(sql, "hard", algorithm="'linear'")
    assert first["status"] == second["status"] == "deployed"
    assert second["score"] < first["score"]
    (row,) = sql.rows(f"SELECT * FROM pgml.models WHERE id = {second['model_id']}")
    assert row["compared_with"] == first["model_id"]
    found = np.array(
        sql(
            f"SELECT y, pgml.predict({first['model_id']}::bigint, t),"
            f" pgml.predict({second['model_id']}::bigint, t)"
            " FROM hard AS t WHERE pgml.__part(0, y, x, z) < 0.25"
        )
    )
    assert row["compared_score"] == pytest.approx(metrics.r2_score(found[:, 0], found[:, 1]))
    assert second["score"] == pytest.approx(metrics.r2_score(found[:, 0], found[:, 2]))
    reason = sql.value("SELECT reason FROM pgml.deployments ORDER BY id DESC LIMIT 1")
    assert f"that of model {first['model_id']} on the same rows" in reason


def test_an_easier_snapshot_does_not_deploy_a_worse_model(sql, easy_then_hard):
    """The mse of a stump is lower on easy rows, and still worse there than that of the other model."""
    sql("UPDATE easy SET y = y / 10")
    sql("CREATE TABLE first AS SELECT * FROM hard UNION ALL SELECT * FROM easy")
    first = train(sql, "first", algorithm="'random_forest'", metric="'mse'")
    stump = """'{"max_depth": 1}'"""
    second = train(sql, "easy", algorithm="'decision_tree'", hyperparams=stump, metric="'mse'", seed=3)
    (row,) = sql.rows(f"SELECT * FROM pgml.models WHERE id = {second['model_id']}")
    assert row["compared_with"] == first["model_id"]
    assert (second["status"] == "deployed") == (second["score"] < row["compared_score"])
    found = np.array(
        sql(
            f"SELECT y, pgml.predict({first['model_id']}::bigint, t) FROM easy AS t"
            " WHERE pgml.__part(3, y, x, z) < 0.25"
        )
    )
    assert row["compared_score"] == pytest.approx(metrics.mean_squared_error(found[:, 0], found[:, 1]))


def test_a_deployed_model_that_lacks_a_column_is_replaced(sql, easy_then_hard):
    first = train(sql, "easy", algorithm="'linear'")
    sql("ALTER TABLE hard RENAME z TO w")
    second = train(sql, "hard", algorithm="'linear'")
    assert second["status"] == "deployed"
    reason = sql.value("SELECT reason FROM pgml.deployments ORDER BY id DESC LIMIT 1")
    assert reason == f"model {first['model_id']} cannot be scored on these rows"


@pytest.mark.parametrize("algorithm", ["linear", "random_forest", "nearest_neighbors"])
@pytest.mark.parametrize("seed", range(4))
def test_equal_scores_change_nothing(sql, easy_then_hard, algorithm, seed):
    """The worker's score of a model, and that of its predictions in SQL, may differ in the last bits."""
    train(sql, "hard", algorithm=f"'{algorithm}'", seed=seed)
    assert train(sql, "hard", algorithm=f"'{algorithm}'", seed=seed)["status"] == "not deployed"


def test_a_model_without_a_score_does_not_replace_one(sql, easy_then_hard):
    """There is no r2 of one row, as sklearn.metrics says too."""
    train(sql, "easy", algorithm="'linear'")
    alone = "SELECT count(*) FROM hard WHERE pgml.__part({}, y, x, z) < 1.0 / 400"
    seed = next(seed for seed in range(100) if sql.value(alone.format(seed)) == 1)
    second = train(sql, "hard", algorithm="'linear'", test_size=1, seed=seed)
    assert (second["status"], second["score"]) == ("not deployed", None)


@pytest.fixture(autouse=True)
def nothing_remains(sql):
    """The project is undone with the transaction of the test."""
    sql("BEGIN")
    yield
    sql("ROLLBACK")


def reason_of(sql, project="Comparable"):
    found = "SELECT reason FROM pgml.deployments AS d JOIN pgml.projects AS p ON p.id = d.project_id"
    return sql(f"{found} WHERE p.name = '{project}' ORDER BY d.id")[-1][0]


def test_without_rows_for_testing_the_reason_says_what_scores_are_of(sql, easy_then_hard):
    sql("UPDATE easy SET y = 1.5 * x + 0.2")
    first = train(sql, "easy", algorithm="'linear'")
    assert train(sql, "hard", algorithm="'linear'", test_size=0)["status"] == "deployed"
    end = f"that of model {first['model_id']} on the same rows, which the new model was fitted on"
    assert reason_of(sql).endswith(end)


def test_the_best_score_says_whether_scores_are_of_the_same_rows(sql, easy_then_hard):
    best = train(sql, "easy", algorithm="'linear'")
    train(sql, "easy", algorithm="'lasso'")
    sql("SELECT pgml.deploy('Comparable', 'best_score')")
    assert reason_of(sql) == f"r2 is {best['score']:.6g}, the best of 2, on the same rows"
    train(sql, "easy", algorithm="'lasso'", seed=2)
    sql("SELECT pgml.deploy('Comparable', 'best_score')")
    assert reason_of(sql) == f"r2 is {best['score']:.6g}, the best of 3, each on rows of its own"
