"""Sessions that change a project at the same time: each waits for the other, and sees what it did."""

import threading

import pytest

from tests.projects import made


def wait_for_lock(sql, waiting):
    for _ in range(500):
        if sql(f"SELECT FROM pg_locks WHERE pid = {waiting} AND NOT granted"):
            return
        sql("SELECT pg_sleep(0.01)")
    raise AssertionError("the other session does not wait")


def concurrent(sql, other, first, second):
    """Run `second` in another session while a transaction with `first` is open; return its rows or error."""
    answers = []
    pid = other.value("SELECT pg_backend_pid()")
    other("BEGIN")
    sql("BEGIN")
    sql(first)

    def run():
        try:
            answers.append(other(second))
        except Exception as error:
            answers.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    wait_for_lock(sql, pid)
    sql("COMMIT")
    thread.join(10)
    other("COMMIT")
    return answers[0]


def test_two_deployments_wait_for_each_other(sql, connect, name, models):
    """The second rollback goes back from where the first one went."""
    one, two, three = models(0.1), models(0.2), models(0.3)
    for model in (one, two, three):
        sql(f"SELECT pgml.deploy({model})")
    back = f"SELECT model_id FROM pgml.deploy('{name}', 'rollback')"
    assert concurrent(sql, connect(), back, back) == [(one,)]
    assert made.deployed(sql, name) == one


def test_a_deployment_waits_for_a_better_model(sql, connect, name, models):
    models(0.1)
    better = f"SELECT pgml.__write('add_model', {models.project}::bigint, {models.snapshot}::bigint, "
    better += made.as_json(made.FACTS | {"score": 0.8, "metrics": {"r2": 0.8}}) + r", '\x00'::bytea)"
    answer = concurrent(sql, connect(), better, f"SELECT model_id FROM pgml.deploy('{name}')")
    assert sql.value(f"SELECT score FROM pgml.models WHERE id = {answer[0][0]}") == 0.8


def test_an_older_snapshot_does_not_choose(sql, connect, name, models):
    one, two, three = models(0.1), models(0.2), models(0.3)
    for model in (one, two, three):
        sql(f"SELECT pgml.deploy({model})")
    other = connect()
    other("BEGIN ISOLATION LEVEL REPEATABLE READ")
    assert made.deployed(other, name) == three
    sql(f"SELECT pgml.deploy('{name}', 'rollback')")
    assert other.fails(f"SELECT pgml.deploy('{name}', 'rollback')").sqlstate == "40001"


def test_a_project_made_at_the_same_time_is_one(sql, connect, name):
    made_here = f"SELECT pgml.__write('add_project', '{name}'::text, 'regression'::text)"
    ((number,),) = concurrent(sql, connect(), made_here, made_here)
    assert sql(f"SELECT id FROM pgml.projects WHERE name = '{name}'") == [(number,)]


@pytest.fixture
def curved(sql):
    """Table t: y is the square of x, which a forest learns and a line does not."""
    sql("CREATE TABLE t AS SELECT x::float8, x * x AS y FROM generate_series(-100, 100) AS x")


@pytest.mark.parametrize(
    ("first", "second", "status"),
    [("linear", "random_forest", "deployed"), ("random_forest", "linear", "not deployed")],
)
@pytest.mark.parametrize("is_new", [True, False])
def test_of_two_trainings_at_once_the_better_model_is_deployed(
    sql, schema, connect, name, curved, first, second, status, is_new
):
    """The second one begins before the first one's transaction ends, and makes the same project."""
    train = f"SELECT status, algorithm FROM pgml.train('{name}', 'regression', 't', 'y', '{{}}')"
    if not is_new:
        sql(f"SELECT pgml.train('{name}', 'regression', 't', 'y', 'ridge', '{{\"alpha\": 1e12}}')")
    other = connect()
    other(f"SET search_path = {schema}")
    answer = concurrent(sql, other, train.format(first), train.format(second))
    assert answer == [(status, second)]
    assert sql(f"SELECT algorithm FROM pgml.deployed_models WHERE project = '{name}'") == [("random_forest",)]
    assert sql(f"SELECT count(*) FROM pgml.trained_models WHERE project = '{name}'") == [(2 + (not is_new),)]


# --- what is dropped meanwhile ---


def said(answer):
    return str(answer).partition("\n")[0]


@pytest.mark.parametrize(
    "second",
    [
        "pgml.deploy('{name}')",
        "pgml.deploy('{name}', 'rollback')",
        "pgml.drop_project('{name}')",
        "pgml.grant_project('{name}', 'madpy')",
        "pgml.snapshot('{name}', 't', 'y')",
        "pgml.train('{name}', 'regression', 't', 'y', 'linear')",
    ],
)
def test_a_project_that_is_dropped_meanwhile_does_not_exist(
    sql, schema, connect, name, table, models, second
):
    for model in (models(0.1), models(0.2)):
        sql(f"SELECT pgml.deploy({model})")
    other = connect()
    other(f"SET search_path = {schema}")
    call = second.format(name=name)
    answer = concurrent(sql, other, f"SELECT pgml.drop_project('{name}')", f"SELECT {call}")
    function = call.split("(")[0]
    assert said(answer) == f"ERROR:  {function}: project {models.project} does not exist"
    assert sql(f"SELECT FROM pgml.__snapshots WHERE project_id = {models.project}") == []


def test_a_project_is_dropped_with_what_a_training_adds_meanwhile(sql, connect, name, table):
    train = f"SELECT pgml.train('{name}', 'regression', 't', 'y', 'linear')"
    sql(train)
    project = sql.value(f"SELECT id FROM pgml.projects WHERE name = '{name}'")
    assert concurrent(sql, connect(), train, f"SELECT pgml.drop_project('{name}')") == [("",)]
    for view in ("__snapshots", "__models", "__deployments"):
        assert sql(f"SELECT FROM pgml.{view} WHERE project_id = {project}") == []


def test_a_rollback_goes_back_from_what_a_training_deploys_meanwhile(sql, connect, name, table):
    train = f"SELECT model_id FROM pgml.train('{name}', 'regression', 't', 'y', 'ridge', '{{}}')"
    worse = sql.value(train.format('{"alpha": 1e9}'))
    rollback = f"SELECT model_id FROM pgml.deploy('{name}', 'rollback')"
    assert concurrent(sql, connect(), train.format('{"alpha": 1}'), rollback) == [(worse,)]
    assert sql("SELECT strategy FROM pgml.deployments ORDER BY id DESC LIMIT 2") == [
        ("rollback",), ("best_score",)
    ]  # fmt: skip
    assert made.deployed(sql, name) == worse


def test_a_model_that_is_deployed_meanwhile_is_not_dropped(sql, connect, name, models):
    one, two = models(0.1), models(0.2)
    sql(f"SELECT pgml.deploy({one})")
    answer = concurrent(sql, connect(), f"SELECT pgml.deploy({two})", f"SELECT pgml.drop_model({two})")
    assert said(answer) == f"ERROR:  pgml.drop_model: model {two} is deployed"
    assert made.deployed(sql, name) == two


@pytest.mark.parametrize("second", ["deploy({})", "drop_model({})"])
def test_a_model_that_is_dropped_meanwhile_does_not_exist(sql, connect, name, models, second):
    model = models(0.1)
    call = f"pgml.{second.format(model)}"
    answer = concurrent(sql, connect(), f"SELECT pgml.drop_model({model})", f"SELECT {call}")
    assert said(answer) == f"ERROR:  {call.split('(')[0]}: model {model} does not exist"
    assert made.deployed(sql, name) is None


def test_a_snapshot_that_is_dropped_meanwhile_does_not_exist(sql, connect, name, models):
    drop = f"SELECT pgml.drop_snapshot({models.snapshot})"
    answer = concurrent(sql, connect(), drop, drop)
    assert said(answer) == f"ERROR:  pgml.drop_snapshot: snapshot {models.snapshot} does not exist"


def test_a_project_that_is_given_away_meanwhile_is_not_the_callers(sql, schema, connect, roles, name):
    owner, heir = roles("owner"), roles("heir")
    other = connect(user=owner)
    project = made.project(other, name)
    give = f"SELECT pgml.transfer_project('{name}', '{heir}')"
    answer = concurrent(sql, other, give, f"SELECT pgml.grant_project('{name}', '{owner}')")
    assert said(answer) == f"ERROR:  pgml.grant_project: project {project} does not exist"


def test_a_model_is_reproduced_though_it_is_dropped_meanwhile(sql, schema, connect, name, table):
    """The view sleeps while it is read; the model, its snapshot and its project are gone before the end."""
    sql("CREATE VIEW slow AS SELECT t.* FROM t, pg_sleep(0.4) AS s")
    model = sql.value(f"SELECT model_id FROM pgml.train('{name}', 'regression', 'slow', 'y', 'linear')")
    other = connect()
    answers = []
    call = f"SELECT data_is_equal, model_is_equal FROM pgml.reproduce({model})"
    thread = threading.Thread(target=lambda: answers.append(other(call)))
    thread.start()
    begun = "SELECT FROM pg_stat_activity WHERE application_name LIKE 'madpy: reproduce%'"
    for _ in range(500):
        if sql(begun):
            break
        sql("SELECT pg_sleep(0.01)")
    sql(f"SELECT pgml.drop_project('{name}')")
    thread.join(20)
    assert answers == [[(True, True)]]
