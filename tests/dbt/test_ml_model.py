"""The materialization ml_model: every algorithm, rows that are held out, and what a second run does."""

import pytest

from tests.dbt.conftest import Dbt, Outcome
from tests.session import Session

pytestmark = pytest.mark.usefixtures("drivers")


@pytest.fixture(scope="module")
def drivers(dbt: Dbt) -> Outcome:
    """A model of every algorithm, and how their run ended."""
    return dbt("run", "--select", "houses", "price_regr", "drivers")


def test_every_algorithm_is_trained(drivers: Outcome, models: Session) -> None:
    assert set(drivers.statuses.values()) == {"success"}
    trained = models("SELECT count(*) FROM madpy_models WHERE published = 'created'")
    assert trained == [(len(drivers.nodes) - 1,)]  # the other one is the table `houses`
    methods = {method for (method,) in models("SELECT method FROM madpy_models")}
    assert methods == {"dtree", "glm", "kmeans", "logregr", "nb", "project", "regr", "sk"}


def test_a_model_is_that_of_a_call_by_hand(models: Session) -> None:
    models("SELECT madlib.regr_train('houses', 'by_hand', 'price', 'size, age, walls, is_new')")
    assert models("SELECT coef FROM price_regr") == models("SELECT coef FROM by_hand")


def test_the_summary_names_the_published_tables(models: Session) -> None:
    (row,) = models.rows("SELECT method, output_table, summary_table FROM walls_nb_summary")
    tables = {name: models.value(f"SELECT '{row[name]}'::regclass::text") for name in list(row)[1:]}
    assert tables == {"output_table": "walls_nb", "summary_table": "walls_nb_summary"}


def test_features_are_the_columns_that_are_nothing_else(models: Session) -> None:
    """Not the target, an excluded column, the weights, or the column of rows that are held out."""
    features = "SELECT features FROM madpy_models WHERE model_name = "
    assert models.value(features + "'price_dtree'") == ["size", "age", "walls", "is_new"]
    assert models.value(features + "'walls_nb'") == ["size", "age", "is_new"]
    assert models.value(features + "'walls_forest'") == ["size", "age", "price", "the number"]


def test_held_out_rows_are_not_fitted_on_and_are_measured(models: Session) -> None:
    """The figures are those of the model's predictions on these rows, computed by hand."""
    used = "SELECT num_rows_processed FROM walls_forest_summary"
    assert models(used) == models("SELECT count(*) FROM houses WHERE NOT is_new")
    models('CREATE TEMPORARY VIEW held_out AS SELECT *, id % 3 AS "the number" FROM houses WHERE is_new')
    models("SELECT madlib.sk_predict('walls_forest', 'held_out', 'pg_temp.predicted')")
    accuracy = models.value("SELECT avg((walls = prediction)::int)::float8 FROM predicted")
    metrics = "SELECT (metrics ->> 'accuracy')::float8 FROM madpy_models WHERE model_name = 'walls_forest'"
    assert models.value(metrics) == accuracy


def test_a_share_of_the_rows_is_held_out(models: Session) -> None:
    fitted, rows = models(
        """SELECT s.num_rows_processed, r.num_rows FROM price_dtree_summary AS s, madpy_models AS r
           WHERE model_name = 'price_dtree'"""
    )[0]
    assert rows == 200
    assert 130 <= fitted <= 170  # 150 are expected, with a standard deviation of 6


def test_names_and_levels_cannot_break_out(drivers: Outcome, models: Session) -> None:
    (features,) = models("SELECT features FROM madpy_models WHERE model_name = 'Strange names'")[0]
    column = "a \"b\" 'c'"
    assert features[2:] == [f"{column}='); drop table houses; --", f"{column}=\\' {{{{ 1 / 0 }}}} %s"]
    assert models.value('SELECT count(*) FROM "Strange names"') == 1


def test_a_target_with_quotes_in_its_name_is_no_feature(models: Session) -> None:
    """Nor is an excluded column whose name ends with a quote."""
    assert models("SELECT feature_names FROM quoted_target_summary") == [(["(Intercept)", "size"],)]


def test_a_project_is_deployed_and_predicts(models: Session, dbt_schema: str) -> None:
    name, model_id = models("SELECT project_name, model_id FROM price_project")[0]
    assert name == f"{dbt_schema}.price_project"
    assert models(f"SELECT deployed_model FROM pgml.projects WHERE name = '{name}'") == [(model_id,)]
    relation = models.value(
        f"""SELECT relation_name FROM pgml.snapshots AS s JOIN pgml.models AS m ON s.id = m.snapshot_id
            WHERE m.id = {model_id}"""
    )
    assert models(f"SELECT count(*) FROM {relation}") == [(200,)]
    worst = models.value(f"SELECT max(abs(pgml.predict('{name}', h) - price)) FROM houses AS h")
    assert worst < 20  # the noise is 16 wide


def test_a_second_run_trains_only_what_changed(dbt: Dbt, models: Session) -> None:
    """The order of rows is no change, a row more is."""
    chosen = ("--select", "houses", "price_regr", "walls_nb", "price_project")
    again = dbt("run", *chosen)
    assert {again[name]["message"] for name in chosen[2:]} == {"UNCHANGED"}
    turned = dbt("run", *chosen, order_of_houses="desc")
    assert {turned[name]["message"] for name in chosen[2:]} == {"UNCHANGED"}
    more = dbt("run", *chosen, number_of_houses=201)
    assert {more[name]["message"].split()[0] for name in chosen[2:]} == {"TRAINED"}
    assert models(
        "SELECT num_rows, published FROM madpy_models WHERE model_name = 'price_regr' ORDER BY id"
    ) == [
        (200, "created"),
        (201, "in place"),
    ]


def test_full_refresh_trains_again(dbt: Dbt) -> None:
    dbt("run", "--select", "houses", "groups_kmeans")
    assert dbt("run", "--select", "groups_kmeans")["groups_kmeans"]["message"] == "UNCHANGED"
    message = dbt("run", "--select", "groups_kmeans", "--full-refresh")["groups_kmeans"]["message"]
    assert message.startswith("TRAINED")


def test_the_project_of_a_node_may_be_dropped(dbt: Dbt, models: Session) -> None:
    models("SELECT pgml.drop_project(project_name) FROM price_project")
    message = dbt("run", "--select", "price_project")["price_project"]["message"]
    assert message.startswith("TRAINED")
