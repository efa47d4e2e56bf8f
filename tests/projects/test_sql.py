"""pgml.train in SQL: its models and its errors.  The project of a test goes with ROLLBACK."""

import json
from typing import Any

import pytest

from tests.session import Session

WINE = "SELECT madlib.load_dataset('diabetes', 'sugar')"
DEPLOYED = "SELECT deployed_model FROM pgml.projects WHERE name = 'Sugar'"
TRAIN = "SELECT * FROM pgml.train('Sugar', 'regression', 'sugar', 'target'{more})"


@pytest.fixture
def project(sql: Session) -> Session:
    """A session in a transaction that has the table sugar, of 442 rows."""
    sql("BEGIN")
    sql(WINE)
    return sql


def of(name: str, project: str = "Sugar") -> str:
    """The rows of a view that are of the test's project: other tests leave theirs."""
    own = f"SELECT id FROM pgml.projects WHERE name = '{project}'"
    return f"(SELECT * FROM pgml.{name} WHERE project_id = ({own})) AS v"


def metrics_of(sql: Session, model: int) -> dict[str, Any]:
    text = sql.value(f"SELECT metrics::text FROM pgml.models WHERE id = {model}")
    found: dict[str, Any] = json.loads(text)
    return found


# --- the split ---


def test_parts_depend_on_values_and_seed_alone(sql: Session) -> None:
    parts = "SELECT pgml.__part({seed}, i, i::text, i::float8) FROM generate_series(1, 2000) AS i"
    first, again, other = ([part for (part,) in sql(parts.format(seed=seed))] for seed in (1, 1, 2))
    assert first == again != other
    assert all(0 <= part < 1 for part in first)
    # the share below 0.25 has a standard deviation of 0.0097
    assert abs(sum(part < 0.25 for part in first) / 2000 - 0.25) < 0.04


def test_equal_rows_have_equal_parts_whatever_their_bytes(sql: Session) -> None:
    (row,) = sql(
        """
        SELECT pgml.__part(0, 0.0::float8) = pgml.__part(0, '-0'::float8),
               pgml.__part(0, 1.0::numeric) = pgml.__part(0, 1.00::numeric),
               pgml.__part(0, NULL::int, 1) = pgml.__part(0, 1, NULL::int)
        """
    )
    assert row == (True, True, False)


def test_rows_for_testing_are_not_fitted_on(project: Session) -> None:
    """The model is that of sk_train over the other rows, and the figures are those of its predictions."""
    (row,) = project(TRAIN.format(more=", 'ridge', seed => 5, preprocess => '{}'"))
    model = row[4]
    project(
        """
        CREATE VIEW parts AS
        SELECT *, pgml.__part(5, target, age, sex, bmi, bp, s1, s2, s3, s4, s5, s6) < 0.25 AS is_test
        FROM sugar;
        CREATE VIEW fitted_on AS SELECT * FROM parts WHERE NOT is_test;
        SELECT madlib.sk_train(
            'fitted_on', 'm', 'target', 'age, sex, bmi, bp, s1, s2, s3, s4, s5, s6', 'ridge', seed => 5)
        """
    )
    (same, mse, rows) = project(
        f"""
        SELECT (SELECT bool_and(abs(pgml.predict({model}, p) - madlib.sk_predict(m.model, p)) < 1e-9)
                FROM parts AS p, m),
               (SELECT avg((target - madlib.sk_predict(m.model, p)) ^ 2) FROM parts AS p, m WHERE is_test),
               (SELECT count(*) FROM parts WHERE is_test)
        """
    )[0]
    assert same
    assert metrics_of(project, model)["mse"] == pytest.approx(mse, rel=1e-9)
    assert project(f"SELECT row_count, test_row_count FROM {of('snapshots')}") == [(442, rows)]


@pytest.mark.parametrize("sampling", ["stratified", "group", "last"])
def test_other_ways_to_choose_rows_for_testing(project: Session, sampling: str) -> None:
    project(
        """
        CREATE TABLE t AS
        SELECT i, i % 40 AS person, (i % 10 = 0)::text AS y, sin(i) AS x, DATE '2020-01-01' + i AS day
        FROM generate_series(1, 1000) AS i
        """
    )
    column = {"stratified": "NULL", "group": "'person'", "last": "'day'"}[sampling]
    (row,) = project(
        f"""
        SELECT * FROM pgml.train(
            'P', 'classification', 't', 'y', 'naive_bayes', test_sampling => '{sampling}',
            test_column => {column}, exclude => 'i', test_size => 0.2)
        """
    )
    tested = project.value(f"SELECT test_row_count FROM {of('snapshots', 'P')}")
    confusion = metrics_of(project, row[4])["confusion"]
    assert sum(map(sum, confusion)) == tested
    if sampling == "group":  # whole persons of 25 rows
        assert tested % 25 == 0 and 0 < tested < 1000
    elif sampling == "last":
        assert tested == 200
    else:
        assert (sum(confusion[0]), sum(confusion[1])) == (180, 20)


def test_an_earlier_snapshot_and_another_seed_choose_other_rows(project: Session) -> None:
    project(TRAIN.format(more=", 'linear'"))
    project(TRAIN.format(more=", 'lasso'"))
    project(TRAIN.format(more=", 'linear', seed => 1"))
    rows = project(f"SELECT test_row_count, checksum FROM {of('snapshots')} ORDER BY id")
    assert rows[0] == rows[1]
    assert rows[0][0] != rows[2][0]
    assert rows[0][1] == rows[2][1]


# --- what train makes ---


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


def test_at_the_time_limit_the_best_of_those_fitted_is_deployed(project: Session) -> None:
    """The second forest takes minutes: its worker is ended."""
    search = """, 'random_forest', search => 'grid', search_params => '{"n_estimators": [2, 100000]}',
        search_args => '{"folds": 2}', time_limit => """
    ((_, _, status, _, model, *_),) = project(TRAIN.format(more=search + "5"))
    assert status == "deployed"
    trials = f"SELECT status, error FROM pgml.trials WHERE model_id = {model} ORDER BY trial"
    assert project(trials) == [("successful", None), ("failed", "the time limit was reached")]
    failure = project.fails(TRAIN.format(more=search + "0"))
    assert (failure.sqlstate, failure.message) == (
        "53400",
        "pgml.train: no candidate was fitted within time_limit",
    )


@pytest.mark.parametrize("kind", ["text", "float8", "boolean"])
def test_a_column_without_a_value_is_left_out(project: Session, kind: str) -> None:
    """A later training has the column again, and takes it when it has values."""
    project(f"ALTER TABLE sugar ADD later {kind}")
    ((_, _, status, *_),) = project(TRAIN.format(more=""))
    assert status == "deployed"
    assert "NULL in every row, and so left out: later" in " ".join(project.warnings)
    trials = project(
        "SELECT DISTINCT t.status FROM pgml.trials AS t JOIN pgml.projects AS p ON p.id = project_id"
    )
    assert trials == [("successful",)]
    assert project.value("SELECT count(pgml.predict('Sugar', s)) FROM sugar AS s") == 442
    project(f"UPDATE sugar SET later = '{1 if kind != 'boolean' else 't'}'")
    project("SELECT pgml.train('Sugar', algorithm => 'linear')")
    assert project.warnings == []


def test_too_few_groups_for_folds(project: Session) -> None:
    failure = project.fails(
        TRAIN.format(
            more=""", 'ridge', search => 'grid', search_params => '{"alpha": [1, 100]}',
            test_size => 0, test_sampling => 'group', test_column => 'sex'"""
        )
    )
    assert failure.message == "pgml.train: the folds need at least 5 values of test_column, there are 2"


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


def test_a_training_that_runs_out_of_memory_leaves_a_row(project: Session) -> None:
    project("SET LOCAL madpy.worker_memory = '4MB'")
    (row,) = project(TRAIN.format(more=", 'random_forest', '{\"n_estimators\": 3000}'"))
    assert row[:4] == ("Sugar", "regression", "failed", "random_forest")
    ((status, error, model),) = project(f"SELECT status, error, model FROM {of('models')}")
    assert (status, model) == ("failed", None)
    assert "memory" in error
    assert project.value(DEPLOYED) is None


# --- what it refuses ---

NAMED = 'a")from x;alter role y superuser;select 1--'


def test_columns_of_any_name(project: Session) -> None:
    quoted = '"' + NAMED.replace('"', '""') + '"'
    project(f"ALTER TABLE sugar RENAME age TO {quoted}")
    (row,) = project(TRAIN.format(more=", 'ridge'"))
    assert project.value(f"SELECT pgml.predict({row[4]}, s) IS NOT NULL FROM sugar AS s LIMIT 1")


@pytest.mark.parametrize(
    ("call", "message", "hint"),
    [
        ("'P'", 'project "P" does not exist',
         "Give its task: regression, classification, clustering, decomposition."),
        ("NULL", "project_name must not be null", None),
        ("' ', 'regression', 'sugar', 'target'", "project_name must have from 1 to 1000 bytes",
         "Choose a name that says what models are for."),
        ("repeat('é', 501), 'regression', 'sugar', 'target'",
         "project_name must have from 1 to 1000 bytes", None),
        ("'P', 'regresion', 'sugar', 'target'", 'task: unknown value "regresion"',
         "Known are: regression, classification, clustering, decomposition."),
        ("'P', 'regression', 'sugar', 'target', objective => 'clustering'",
         'task is "regression", and objective "clustering"', "Give one of them: they mean the same."),
        ("'P', 'regression', 'sugr', 'target'", 'table "sugr" does not exist', "Did you mean sugar?"),
        ("'P', 'regression', 'sugar; DROP TABLE sugar', 'target'",
         'relation_name: "sugar; DROP TABLE sugar" is not a table name',
         'Write a name with spaces, capitals or other signs in double quotes: "sugar; DROP TABLE sugar".'),
        ("'P', 'regression', 'sugar'", "y_column_name must not be NULL", "Name the column to predict."),
        ("'P', 'regression', 'sugar', 'goal'", 'column "goal" of table "sugar" does not exist',
         'Use columns of table "sugar": age, sex, bmi, bp, s1, s2, s3, s4, s5, s6, target.'),
        ("'P', 'clustering', 'sugar', 'target'", "this task has no target", "Leave y_column_name out."),
        ("'P', 'regression', 'sugar', 'target', 'ridg'", 'there is no algorithm "ridg"',
         "Did you mean ridge?"),
        ("'P', 'regression', 'sugar', 'target', 'ridge', '{\"alfa\": 1}'",
         'ridge has no hyperparameter "alfa"', None),
        ("'P', 'regression', 'sugar', 'target', 'ridge', '[]'", "hyperparams must be an object",
         "Write it like hyperparams => '{\"alpha\": 1}'."),
        ("'P', 'regression', 'sugar', 'target', hyperparams => '{\"alpha\": 1}'",
         "hyperparams need an algorithm", "Give algorithm => 'ridge' or another one."),
        ("'P', 'regression', 'sugar', 'target', 'os.system'", 'there is no algorithm "os.system"', None),
        ("'P', 'regression', 'sugar', 'target', test_size => 442",
         "test_size is 442, and the table has 442 rows", "Leave rows to be fitted on."),
        ("'P', 'regression', 'sugar', 'target', test_sampling => 'last'",
         "test_sampling last needs a column", "Give test_column."),
        ("'P', 'regression', 'sugar', 'target', search => 'grid'", "a search needs an algorithm",
         "Give algorithm => 'ridge' or another one."),
        ("'P', 'regression', 'sugar', 'target', 'ridge', search => 'grid'", "search_params is empty",
         'Give values to try: {"alpha": [0.1, 1, 10]}.'),
        ("'P', 'regression', 'sugar', 'target', 'ridge', search_params => '{\"alpha\": [1]}'",
         "search_params needs a search", "Give search: grid, random, halving."),
    ],
)  # fmt: skip
def test_what_cannot_be_trained(project: Session, call: str, message: str, hint: str | None) -> None:
    failure = project.fails(f"SELECT * FROM pgml.train({call})")
    assert failure.message == f"pgml.train: {message}"
    if hint is not None:
        assert failure.hint == hint


@pytest.mark.parametrize(
    "call", ["train('Sugar')", "deploy('Sugar')", "drop_project('Sugar')", "reproduce({model})"]
)
def test_a_read_only_transaction(project: Session, call: str) -> None:
    (row,) = project(TRAIN.format(more=", 'ridge'"))
    project("SET TRANSACTION READ ONLY")
    assert project.value("SELECT pgml.predict('Sugar', s) IS NOT NULL FROM sugar AS s LIMIT 1")
    failure = project.fails(f"SELECT * FROM pgml.{call.format(model=row[4])}")
    name = call.partition("(")[0]
    assert failure.sqlstate == "25006"
    assert failure.message == (
        f"pgml.{name}: projects cannot be changed or trained in a read-only transaction"
    )


def test_an_empty_table(project: Session) -> None:
    failure = project.fails(
        "CREATE TABLE e (x int, y int); SELECT * FROM pgml.train('E', 'regression', 'e', 'y')"
    )
    assert failure.message == 'pgml.train: table "e" is empty'
    assert project.notices == []


def test_a_project_keeps_its_task(project: Session) -> None:
    project(TRAIN.format(more=", 'ridge'"))
    failure = project.fails("SELECT * FROM pgml.train('Sugar', 'classification', 'sugar', 'target')")
    assert failure.message == 'pgml.train: project "Sugar" is for regression, not for classification'


def test_a_table_too_small_for_testing_is_fitted_on_as_a_whole(project: Session) -> None:
    project("CREATE TABLE few AS SELECT i AS x, 2 * i AS y FROM generate_series(1, 3) AS i")
    (row,) = project("SELECT * FROM pgml.train('P', 'regression', 'few', 'y', 'linear', test_size => 0.001)")
    assert [notice.message for notice in project.notices] == [
        "the split leaves no rows for testing or none to fit: all are fitted on and scored"
    ]
    assert row[6] == pytest.approx(1)
