"""pgml.train in SQL: its models.  The project of a test goes with ROLLBACK."""

import json

import pytest

from tests.projects.sugar import DEPLOYED, TRAIN, loaded, metrics_of, of
from tests.session import Session


@pytest.fixture
def project(sql: Session) -> Session:
    """A session in a transaction that has the table sugar, of 442 rows."""
    return loaded(sql)


def test_the_answer_and_the_views_say_the_same(project: Session) -> None:
    (row,) = project(TRAIN.format(more=", 'ridge', '{\"alpha\": 2}'"))
    name, objective, status, algorithm, model, metric, score, _ = row
    assert (name, objective, status, algorithm, metric) == ("Sugar", "regression", "deployed", "ridge", "r2")
    assert project("SELECT name, task, deployed_model FROM pgml.projects WHERE name = 'Sugar'") == [
        ("Sugar", "regression", model)
    ]
    assert project(
        "SELECT id, project, algorithm, score, deployed FROM pgml.trained_models WHERE project = 'Sugar'"
    ) == [(model, "Sugar", "ridge", score, True)]
    assert project("SELECT id, score, strategy FROM pgml.deployed_models WHERE project = 'Sugar'") == [
        (model, score, "best_score")
    ]
    assert project("SELECT name, algorithm, score, models FROM pgml.overview WHERE name = 'Sugar'") == [
        ("Sugar", "ridge", score, 1)
    ]
    assert metrics_of(project, model)["r2"] == score


def test_without_an_algorithm_several_are_tried_and_the_best_is_deployed(project: Session) -> None:
    (row,) = project(TRAIN.format(more=""))
    trials = project(
        f"SELECT algorithm, status, score FROM pgml.trials WHERE model_id = {row[4]} ORDER BY score DESC"
    )
    assert len(trials) == 5
    assert {status for _, status, _ in trials} == {"successful"}
    assert (trials[0][0], trials[0][2]) == (row[3], row[6])


def test_a_later_call_needs_the_project_only(project: Session) -> None:
    project(TRAIN.format(more=", 'lasso', exclude => 's1, s2'"))
    (row,) = project("SELECT * FROM pgml.train('Sugar', algorithm => 'ridge')")
    assert row[:2] == ("Sugar", "regression")
    features = project.value(f"SELECT features::text FROM {of('snapshots')} ORDER BY id DESC LIMIT 1")
    assert "s1" not in [one["name"] for one in json.loads(features)]


def test_a_later_call_splits_rows_as_the_last_one(project: Session) -> None:
    split = "SELECT test_size, test_sampling, test_column, seed, test_row_count FROM "
    last = f"{split}{of('snapshots')} ORDER BY id DESC LIMIT 1"
    more = ", 'ridge', test_size => 0.1, test_sampling => 'last', test_column => 'age', seed => 3"
    project(TRAIN.format(more=more))
    (first,) = project(last)
    assert first[:4] == (0.1, "last", "age", 3)
    project("SELECT * FROM pgml.train('Sugar', algorithm => 'lasso')")
    assert project(last) == [first]
    project("SELECT * FROM pgml.train('Sugar', algorithm => 'lasso', test_sampling => 'random', seed => 0)")
    assert project(last)[0][:4] == (0.1, "random", None, 0)
    project(TRAIN.format(more=", 'lasso'"))
    assert project(last)[0][:4] == (0.25, "random", None, 0)


def test_a_later_call_of_a_table_that_lost_columns(project: Session) -> None:
    project(TRAIN.format(more=", 'lasso', exclude => 's1, s2'"))
    project("ALTER TABLE sugar DROP COLUMN bmi, DROP COLUMN bp")
    project("SELECT * FROM pgml.train('Sugar', algorithm => 'ridge')")
    assert [notice.message for notice in project.notices] == [
        'table "sugar" has these features of the last training no more: "bmi", "bp"'
    ]
    features = project.value(f"SELECT features::text FROM {of('snapshots')} ORDER BY id DESC LIMIT 1")
    assert [one["name"] for one in json.loads(features)] == ["age", "sex", "s3", "s4", "s5", "s6"]


@pytest.mark.parametrize(
    ("change", "message", "hint"),
    [
        ("ALTER TABLE sugar RENAME target TO progression",
         'column "target" of table "sugar" does not exist', 'Use columns of table "sugar": age, sex,'),
        ("DROP TABLE sugar; CREATE TABLE sugar (target float8)",
         'table "sugar" has no column that can be a feature', "Give numbers,"),
    ],
)  # fmt: skip
def test_a_later_call_of_a_table_that_cannot_be_used(
    project: Session, change: str, message: str, hint: str
) -> None:
    project(TRAIN.format(more=", 'lasso'"))
    project(change)
    failure = project.fails("SELECT * FROM pgml.train('Sugar')")
    assert failure.message == f"pgml.train: {message}"
    assert failure.hint.startswith(hint)


def test_a_snapshot_says_how_the_next_training_splits_rows(project: Session) -> None:
    project("SELECT pgml.snapshot('Sugar', 'sugar', 'target', 'regression', 0.5, 'group', 2, 'sex')")
    project("SELECT * FROM pgml.train('Sugar', algorithm => 'ridge')")
    first, second = project(
        f"SELECT test_size, test_sampling, test_column, seed, test_row_count, checksum FROM {of('snapshots')}"
    )
    assert first == second and first[:4] == (0.5, "group", "sex", 2)


def test_a_worse_model_is_kept_and_not_deployed(project: Session) -> None:
    (first,) = project(TRAIN.format(more=", 'ridge'"))
    (second,) = project(TRAIN.format(more=", 'lasso', '{\"alpha\": 1000}'"))
    assert second[2] == "not deployed"
    assert project.value(DEPLOYED) == first[4]
    (third,) = project(TRAIN.format(more=", 'ridge', '{\"alpha\": 0.5}', automatic_deploy => false"))
    assert third[2] == "not deployed"


@pytest.mark.parametrize(
    ("search", "args", "count"),
    [("grid", "{}", 6), ("random", '{"n_iter": 4}', 4), ("halving", '{"min_rows": 60}', 6)],
)
def test_a_search_leaves_a_row_for_each_trial(project: Session, search: str, args: str, count: int) -> None:
    (row,) = project(
        TRAIN.format(
            more=f""", 'elastic_net', search => '{search}', search_args => '{args}',
            search_params => '{{"alpha": [0.001, 0.1, 10], "l1_ratio": [0.2, 0.8]}}'"""
        )
    )
    trials = project(f"SELECT hyperparams::text, score, status FROM pgml.trials WHERE model_id = {row[4]}")
    assert len({hyperparams for hyperparams, _, _ in trials}) == count
    best = max((score, hyperparams) for hyperparams, score, status in trials if status == "successful")
    assert best[0] == row[6]
    kept = project.value(f"SELECT hyperparams::text FROM pgml.models WHERE id = {row[4]}")
    assert json.loads(kept) == json.loads(best[1])


@pytest.mark.parametrize(
    ("sampling", "folds"), [("last", "fold_order => 'age'"), ("group", "fold_groups => 'age'")]
)
def test_folds_of_a_search_are_as_the_rows_for_testing(project: Session, sampling: str, folds: str) -> None:
    """The scores are those of sk_compare with such folds, over the same rows."""
    project(
        TRAIN.format(
            more=f""", 'ridge', search => 'grid', search_params => '{{"alpha": [1, 100]}}',
            search_args => '{{"folds": 3}}', test_sampling => '{sampling}', test_column => 'age'"""
        )
    )
    part = "age > (SELECT percentile_disc(0.75) WITHIN GROUP (ORDER BY age) FROM sugar)"
    candidates = ", ".join(
        f'{{"algorithm": "ridge", "hyperparams": {{"alpha": {alpha}}}, "preprocess": "auto"}}'
        for alpha in (1, 100)
    )
    project(
        f"CREATE VIEW fitted AS SELECT * FROM sugar WHERE NOT "
        f"({part if sampling == 'last' else 'pgml.__part(0, age) < 0.25'})"
    )
    project(
        f"SELECT madlib.sk_compare('fitted', 'tried', 'target', 'age, sex, bmi, bp, s1, s2, s3, s4, s5, s6',"
        f" '[{candidates}]', folds => 3, {folds})"
    )
    (scores, wanted) = (
        dict(project(f"SELECT {name}, score FROM {table}"))
        for name, table in (("trial", of("trials")), ("candidate", "tried"))
    )
    assert scores == pytest.approx(wanted, rel=1e-12) and len(scores) == 2


def test_tasks_without_a_target(project: Session) -> None:
    (groups,) = project("SELECT * FROM pgml.train('G', 'clustering', 'sugar', exclude => 'target')")
    (parts,) = project("SELECT * FROM pgml.train('D', 'decomposition', 'sugar', exclude => 'target')")
    assert (groups[3], groups[5]) == ("kmeans", "silhouette")
    assert (parts[3], parts[5]) == ("pca", "explained_variance")


def test_missing_values_and_texts_are_taken_as_they_are(project: Session) -> None:
    project(
        "ALTER TABLE sugar ADD kind text;"
        " UPDATE sugar SET kind = CASE WHEN age > 50 THEN 'old' ELSE 'young' END"
    )
    project("UPDATE sugar SET bmi = NULL WHERE sex = 1")
    (row,) = project(TRAIN.format(more=", 'ridge'"))
    assert (
        project.value(
            "SELECT num_rows + test_row_count FROM pgml.models AS m JOIN pgml.snapshots AS s"
            f" ON s.id = m.snapshot_id WHERE m.id = {row[4]}"
        )
        == 442
    )
    assert project.value(
        f"SELECT pgml.predict({row[4]}, s) IS NOT NULL FROM sugar AS s WHERE sex = 1 LIMIT 1"
    )


def test_a_copy_of_the_rows_is_kept_on_request(project: Session) -> None:
    project(TRAIN.format(more=", 'ridge', materialize_snapshot => true"))
    table = project.value(f"SELECT stored_relation FROM {of('snapshots')}")
    assert project.value(f"SELECT count(*) FROM {table}") == 442
