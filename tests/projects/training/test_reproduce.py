"""Models trained again from their rows in the tables of projects."""

import pytest


@pytest.fixture(autouse=True)
def rows(sql):
    sql("BEGIN")
    sql("SELECT madlib.load_dataset('diabetes', 'd'), madlib.load_dataset('iris', 'i')")
    sql("ALTER TABLE i RENAME target_name TO kind")
    yield
    sql("ROLLBACK")


def reproduce(sql, model):
    (row,) = sql.rows(f"SELECT * FROM pgml.reproduce({model})")
    return row


TRAININGS = {
    "forest": """'regression', 'd', 'target', 'random_forest', '{"n_estimators": 5}', seed => 7""",
    "search": """'regression', 'd', 'target', 'ridge', '{}', 'grid', '{"alpha": [1, 10]}'""",
    "last": "'regression', 'd', 'target', 'ridge', test_sampling => 'last', test_column => 'age'",
    "group": "'regression', 'd', 'target', 'ridge', test_sampling => 'group', test_column => 'sex'",
    "classes": "'classification', 'i', 'kind', 'linear', test_sampling => 'stratified', exclude => 'target'",
    "clusters": """'clustering', 'i', NULL, 'kmeans', '{"n_clusters": 3}', exclude => 'kind'""",
    "components": "'decomposition', 'i', NULL, 'pca', exclude => 'kind'",
}


@pytest.mark.parametrize("name", TRAININGS)
def test_bytes_are_equal(sql, name):
    model = sql.value(f"SELECT model_id FROM pgml.train('Again', {TRAININGS[name]})")
    row = reproduce(sql, model)
    assert (row["data_is_equal"], row["model_is_equal"]) == (True, True)
    assert row["score"] == row["score_before"] is not None
    assert sql("SELECT count(*) FROM pgml.models AS m JOIN pgml.projects AS p ON p.id = m.project_id"
               " WHERE name = 'Again'") == [(1,)]  # fmt: skip


def test_changed_data_are_told(sql):
    model = sql.value(f"SELECT model_id FROM pgml.train('Again', {TRAININGS['forest']})")
    sql("UPDATE d SET bmi = bmi + 1 WHERE age = 50")
    row = reproduce(sql, model)
    assert (row["data_is_equal"], row["model_is_equal"]) == (False, False)


@pytest.mark.parametrize("name", ["forest", "group"])
def test_a_copy_of_the_rows_is_read_while_it_is_there(sql, name):
    more = ", exclude => 'sex'" if name == "group" else ""  # the copy has the groups all the same
    model = sql.value(
        f"SELECT model_id FROM pgml.train('Again', {TRAININGS[name]}{more}, materialize_snapshot => true)"
    )
    before = sql("SELECT name, value FROM pgml.evaluate('Again') WHERE part = 'metric'")
    sql("UPDATE d SET bmi = bmi + 1")
    row = reproduce(sql, model)
    assert (row["data_is_equal"], row["model_is_equal"]) == (True, True)
    assert sql("SELECT name, value FROM pgml.evaluate('Again') WHERE part = 'metric'") == before
    copy = sql.value("SELECT stored_relation FROM pgml.snapshots WHERE stored_relation IS NOT NULL")
    sql(f"DROP TABLE {copy}")
    row = reproduce(sql, model)
    assert (row["data_is_equal"], row["model_is_equal"]) == (False, False)


def test_a_model_without_rows_for_testing(sql):
    sql("CREATE TABLE few AS SELECT i AS x, 2 * i AS y FROM generate_series(1, 3) AS i")
    call = "pgml.train('Again', 'regression', 'few', 'y', 'linear', test_size => 0.001)"
    model = sql.value(f"SELECT model_id FROM {call}")
    row = reproduce(sql, model)
    assert (row["data_is_equal"], row["model_is_equal"], row["score"]) == (True, True, 1.0)
    assert sql.value("SELECT value FROM pgml.evaluate('Again') WHERE name = 'num_rows'") == 3


def test_rows_that_are_not_known(sql):
    """Only evaluate takes a relation, and has a hint to give one."""
    model = sql.value(f"SELECT model_id FROM pgml.train('Again', {TRAININGS['last']})")
    copy = sql.value(f"SELECT pgml.import_model('Copy', pgml.export_model({model}))")
    for call, hint in ((f"evaluate({copy})", "Give a relation."), (f"reproduce({copy})", None)):
        sql("SAVEPOINT before")
        error = sql.fails(f"SELECT * FROM pgml.{call}")
        assert error.message.endswith(": the rows that the model was fitted on are not known")
        assert error.hint == hint
        sql("ROLLBACK TO before")


def test_errors(sql):
    assert (
        sql.fails("SELECT pgml.reproduce(987654321)").message
        == "pgml.reproduce: model 987654321 does not exist"
    )
