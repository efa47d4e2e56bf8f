"""Deployments by strategy and by number, and what is dropped and what is not."""

import random

import pytest

from madpy.modules.projects import core
from tests.projects import made

# --- strategies ---


def test_the_best_score_is_deployed_and_the_newest_of_equal_ones(sql, name, models):
    models(0.5), models(0.9, "lasso")
    best = models(0.9)
    models(0.7), models(None), models("NaN")
    row = {"project_name": name, "strategy": "best_score", "algorithm": "ridge", "model_id": best}
    assert sql.rows(f"SELECT * FROM pgml.deploy('{name}')") == [row]
    assert made.deployed(sql, name) == best
    assert sql(f"SELECT strategy, reason, deployed_by FROM pgml.deployments WHERE model_id = {best}") == [
        ("best_score", "r2 is 0.9, the best of 6, each on rows of its own", "madpy")
    ]


def test_a_metric_that_is_better_when_lower(sql, name, models):
    models(0.5, metric="mse")
    low = models(0.2, metric="mse")
    models(0.4, metric="mse")
    assert sql.value(f"SELECT model_id FROM pgml.deploy('{name}')") == low


def test_models_compared_by_another_metric_count_by_the_newest_ones(sql, name, models):
    """A mean squared error of 0.05 is the lowest, and 0.05 is also the score of a model by another metric."""
    models(0.05)
    best = models(0.95)
    models(0.3, metric="mse", metrics={"mse": 0.3})
    assert sql.value(f"SELECT model_id FROM pgml.deploy('{name}')") == best


def test_most_recent_and_one_algorithm(sql, name, models):
    models(0.5), models(0.9, "lasso"), models(0.6, "lasso"), models(0.1)
    assert sql.value(f"SELECT algorithm FROM pgml.deploy('{name}', 'most_recent')") == "ridge"
    assert sql.value(f"SELECT strategy FROM pgml.deploy('{name}', 'most_recent', 'lasso')") == "most_recent"
    assert sql.value(f"SELECT algorithm FROM pgml.deployed_models WHERE project = '{name}'") == "lasso"
    assert sql.value(f"SELECT score FROM pgml.deployed_models WHERE project = '{name}'") == 0.6
    sql(f"SELECT pgml.deploy('{name}', algorithm => 'lasso')")
    assert sql.value(f"SELECT score FROM pgml.deployed_models WHERE project = '{name}'") == 0.9
    sql(f"SELECT pgml.deploy('{name}', 'specific', 'ridge')")
    assert sql.value(f"SELECT score FROM pgml.deployed_models WHERE project = '{name}'") == 0.1


def test_a_model_by_its_number(sql, name, models):
    first, _ = models(0.5), models(0.9)
    assert sql(f"SELECT * FROM pgml.deploy({first})") == [(name, "specific", "ridge", first)]
    assert made.deployed(sql, name) == first


def test_a_model_of_a_project_by_its_number(sql, name, models):
    """A literal and a parameter without types find the function that takes a project."""
    first, _ = models(0.5), models(0.9)
    row = (name, "specific", "ridge", first)
    named = f"SELECT * FROM pgml.deploy('{name}', strategy => 'specific', model_id => "
    assert sql(f"{named}{first})") == sql(f"{named}'{first}')") == [row]
    asked = "SELECT * FROM pgml.deploy($1, $2, model_id => $3)"
    assert sql.connection.query(asked, (name, "specific", str(first))).getresult() == [row]
    assert sql.value(f"SELECT reason FROM pgml.deployments WHERE model_id = {first} LIMIT 1") == (
        "given by its number"
    )


def test_a_model_of_another_project_is_not_one_of_this(sql, name, models):
    own = [models(0.1) for _ in range(12)]
    sql("BEGIN")
    project = made.project(sql, made.fresh())
    other = made.model(sql, project, made.snapshot(sql, project))
    error = sql.fails(f"SELECT pgml.deploy('{name}', 'specific', model_id => {other})")
    assert error.message == f'pgml.deploy: project "{name}" has no model {other}'
    assert error.hint == f"Choose one of its newest models: {', '.join(map(str, reversed(own[2:])))}."


def test_a_parameter_without_a_type_is_the_name_of_a_project(sql, name, models):
    models(0.5)
    answer = sql.connection.query("SELECT model_id FROM pgml.deploy($1)", (name,)).getresult()
    assert answer == [(made.deployed(sql, name),)]


def test_rollbacks_go_back_one_deployment_after_the_other(sql, name, models):
    one, two, three = models(0.1), models(0.2), models(0.3)
    for model in (one, two, three, three):
        sql(f"SELECT pgml.deploy({model})")
    back = f"SELECT model_id FROM pgml.deploy('{name}', 'rollback')"
    assert [sql.value(back), sql.value(back)] == [two, one]
    error = sql.fails(back)
    assert error.sqlstate == "55000"
    assert error.message == f'pgml.deploy: project "{name}" has no deployment before the one of model {one}'
    assert error.hint == "Choose a model of the view trained_models: deploy(model_id)."
    sql(f"SELECT pgml.deploy({three})")
    assert sql.value(back) == one


def test_a_rollback_passes_over_a_model_that_was_dropped(sql, name, models):
    one, two, three = models(0.1), models(0.2), models(0.3)
    for model in (one, two, three):
        sql(f"SELECT pgml.deploy({model})")
    sql(f"SELECT pgml.drop_model({two})")
    assert sql.value(f"SELECT model_id FROM pgml.deploy('{name}', 'rollback')") == one


@pytest.mark.parametrize("seed", range(200))
def test_rollbacks_agree_with_a_list_that_is_kept(seed):
    """A history at random, against a list of deployments that rollbacks shorten."""
    draw = random.Random(seed)
    history, stack, dropped = [], [], set()
    for _ in range(30):
        if draw.random() < 0.3 and stack:
            left = [model for model in stack[:-1] if model not in dropped]
            while left and left[-1] == stack[-1]:
                left.pop()
            log = [(None if model in dropped else model, is_back) for model, is_back in history]
            assert core.before_last(log) == (left[-1] if left else None), log
            if left:
                stack = left
                history.append((stack[-1], True))
        elif draw.random() < 0.2 and stack:
            dropped |= {draw.randrange(6)} - {stack[-1]}
        elif there := [model for model in range(6) if model not in dropped]:
            stack.append(draw.choice(there))
            history.append((stack[-1], False))


# --- errors ---


@pytest.mark.parametrize(
    ("call", "sqlstate", "message", "hint"),
    [
        (
            "'{}', 'newest'",
            "22023",
            'strategy: unknown value "newest"',
            "Known are: best_score, most_recent,",
        ),
        ("'{}', NULL", "22004", "strategy must not be null", None),
        ("NULL::text", "22004", "project_name must not be null", None),
        (
            "'{}', 'specific'",
            "22023",
            "strategy specific needs an algorithm or a model_id, one of the two",
            "Give algorithm => 'ridge' for",
        ),
        (
            "'{}', 'specific', 'ridge', 1",
            "22023",
            "strategy specific needs an algorithm or a model_id, one of the two",
            "Give algorithm => 'ridge' for",
        ),
        (
            "'{}', model_id => 1",
            "22023",
            "strategy best_score takes no model_id",
            "Give strategy => 'specific'.",
        ),
        (
            "'{}', 'specific', model_id => 2000000000",
            "42704",
            'project "{}" has no model 2000000000',
            "Choose one of its newest models: ",
        ),
        ("'{}', 'rollback'", "55000", 'no model of project "{}" is deployed', "Deploy one: deploy("),
        ("'{}', 'rollback', 'ridge'", "22023", "a rollback takes no algorithm", "Leave it out"),
        ("'{}', algorithm => 'svm'", "42704", 'project "{}" has no model of algorithm "svm"', "There are: r"),
        ("'{}s'", "42704", 'project "{}s" does not exist', 'Did you mean "P'),
        ("2000000000", "42704", "model 2000000000 does not exist", "Choose one of the view models."),
    ],
)
def test_errors(sql, name, models, call, sqlstate, message, hint):
    models(0.5)
    error = sql.refuses(f"SELECT pgml.deploy({call.format(name)})")
    assert (error.sqlstate, error.message) == (sqlstate, f"pgml.deploy: {message.format(name)}")
    assert error.hint is None if hint is None else error.hint.startswith(hint.format(name))


def test_a_training_that_failed_is_not_deployed(sql, name, models):
    failed = models(content="NULL::bytea", status="failed", error="no rows")
    error = sql.fails(f"SELECT pgml.deploy({failed})")
    assert (error.sqlstate, error.message) == ("55000", f"pgml.deploy: the training of model {failed} failed")
    models(0.5)
    error = sql.fails(f"SELECT pgml.deploy('{name}', 'specific', model_id => {failed})")
    assert error.message == f"pgml.deploy: the training of model {failed} failed"
    sql(f"SELECT pgml.drop_model(id) FROM pgml.models WHERE project_id = {models.project} AND id > {failed}")
    error = sql.fails(f"SELECT pgml.deploy('{name}', 'most_recent')")
    assert (error.message, error.hint) == (f'pgml.deploy: project "{name}" has no model', "Train one.")


# --- snapshots ---


def test_a_training_without_a_relation_takes_that_of_a_snapshot(sql, schema, name, table):
    number = sql.value(f"SELECT pgml.snapshot('{name}', 't', 'y', 'regression', exclude => 'id', seed => 3)")
    row = sql.rows(f"SELECT * FROM pgml.snapshots WHERE id = {number}")[0]
    assert (row["relation_name"], row["row_count"], row["seed"]) == (f"{schema}.t", 100, 3)
    assert row["features"] == [{"name": "x", "type": "double precision"}]
    counted = sql.value("SELECT count(*) FROM t WHERE pgml.__part(3, y, x) < 0.25")
    assert row["test_row_count"] == counted > 0
    assert sql.value(f"SELECT status FROM pgml.train('{name}', algorithm => 'linear')") == "deployed"
    assert sql(f"SELECT relation_name FROM pgml.snapshots WHERE id > {number}") == [(f"{schema}.t",)]
    sql(f"SELECT pgml.drop_snapshot({number})")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("'{}', 't', 'y'", 'project "{}" does not exist'),
        ("'{}', NULL, 'y', 'regression'", "relation_name must not be null"),
        ("'{}', 't', 'z', 'regression'", 'column "z" of table "t" does not exist'),
        ("'{}', 't', NULL, 'regression'", "y_column_name must not be NULL"),
        ("'{}', 't', 'y', 'regression', test_size => 100", "test_size is 100, and the table has 100 rows"),
    ],
)
def test_errors_of_snapshot(sql, name, table, arguments, message):
    error = sql.fails(f"SELECT pgml.snapshot({arguments.format(name)})")
    assert error.message == f"pgml.snapshot: {message.format(name)}"
    assert sql(f"SELECT FROM pgml.projects WHERE name = '{name}'") == []


# --- drops ---


def test_drop_project_takes_all_of_it(sql, name, models):
    model = models(0.5)
    made.deploy(sql, model)
    trial = {"trial": 1, "algorithm": "ridge", "hyperparams": {}, "status": "successful"}
    made.write(sql, "add_trials", f"{model}::bigint, {made.as_json([trial])}")
    assert sql.value(f"SELECT pgml.drop_project('{name}')") == ""
    for table in ("__snapshots", "__models", "__deployments"):
        assert sql(f"SELECT FROM pgml.{table} WHERE project_id = {models.project}") == []
    assert sql(f"SELECT FROM pgml.__trials WHERE model_id = {model}") == []
    error = sql.fails(f"SELECT pgml.drop_project('{name}')")
    assert (error.sqlstate, error.message) == ("42704", f'pgml.drop_project: project "{name}" does not exist')


def test_the_model_that_is_deployed_is_not_dropped(sql, name, models):
    one, two = models(0.5), models(0.6)
    made.deploy(sql, one)
    error = sql.fails(f"SELECT pgml.drop_model({one})")
    assert (error.sqlstate, error.message) == ("55006", f"pgml.drop_model: model {one} is deployed")
    assert error.hint == "Deploy another one first, or drop the project."
    made.deploy(sql, two)
    sql(f"SELECT pgml.drop_model({one})")
    assert sql(f"SELECT id FROM pgml.models WHERE project_id = {models.project}") == [(two,)]
    assert sql(f"SELECT model_id FROM pgml.deployments WHERE project_id = {models.project} ORDER BY id") == [
        (None,), (two,),
    ]  # fmt: skip
    assert sql.fails(f"SELECT pgml.drop_model({one})").message == (
        f"pgml.drop_model: model {one} does not exist"
    )


def test_a_snapshot_of_models_is_not_dropped(sql, name, models):
    model = models(0.5)
    error = sql.fails(f"SELECT pgml.drop_snapshot({models.snapshot})")
    assert (error.sqlstate, error.message) == (
        "2BP01",
        f"pgml.drop_snapshot: snapshot {models.snapshot} is that of models: {model}",
    )
    assert error.hint == "Drop these models first."
    sql(f"SELECT pgml.drop_model({model})")
    sql(f"SELECT pgml.drop_snapshot({models.snapshot})")
    assert sql(f"SELECT FROM pgml.snapshots WHERE project_id = {models.project}") == []
    error = sql.fails(f"SELECT pgml.drop_snapshot({models.snapshot})")
    assert error.message == f"pgml.drop_snapshot: snapshot {models.snapshot} does not exist"


@pytest.mark.parametrize("function", ["drop_model", "drop_snapshot"])
def test_null_is_dropped_by_nobody(sql, function):
    assert sql.fails(f"SELECT pgml.{function}(NULL)").sqlstate == "22004"
