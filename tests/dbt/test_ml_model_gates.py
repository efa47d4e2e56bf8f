"""Gates of ml_model: a model that does not pass is not published, and the one before stays in service."""

from tests.dbt.conftest import Dbt
from tests.session import Session


def test_a_model_that_is_not_good_enough_is_not_published(dbt: Dbt, models: Session) -> None:
    """Nothing is left of its run."""
    assert dbt("run", "--select", "houses", "gated", required={"r2": 0.99, "mae": {"max": 10}}).success
    before = service(models)
    worse = dbt("run", "--select", "gated", gated_features="age", required={"r2": 0.8})
    assert worse["gated"]["status"] == "error"
    assert "the model is not published: r2 is " in worse["gated"]["message"]
    assert "required is at least 0.8; the one before stays in service" in worse["gated"]["message"]
    too_large = dbt("run", "--select", "gated", required={"rmse": 5})  # trained by the run before: UNCHANGED
    assert "required is at most 5" in too_large["gated"]["message"]
    assert service(models) == before


def test_a_model_must_be_better_than_the_deployed_one(dbt: Dbt, models: Session) -> None:
    """Both are measured on the same rows: the deployed one has the figures that it had when it was new."""
    dbt("run", "--select", "houses", "gated", "--full-refresh", gated_features="size")
    before = service(models)
    worse = dbt("run", "--select", "gated", gated_features="age")
    assert "the model is not published: rmse is " in worse["gated"]["message"]
    assert "that of the deployed one on the same rows " in worse["gated"]["message"]
    assert service(models) == before
    assert dbt("run", "--select", "gated", gated_features="size, age").success
    second, first = models(
        """SELECT metrics -> 'rmse', deployed_metrics -> 'rmse' FROM madpy_models
           WHERE model_name = 'gated' ORDER BY id DESC LIMIT 2"""
    )
    assert second[1] == first[0]
    assert float(second[0]) < float(second[1])
    forced = dbt("run", "--select", "gated", "--full-refresh", gated_features="age")
    assert forced["gated"]["message"].startswith("TRAINED")


def test_models_of_other_targets_are_not_compared(dbt: Dbt, models: Session) -> None:
    """The rmse of price / 1000 is small, whatever the model is."""
    assert dbt("run", "--select", "houses", "gated", "--full-refresh").success
    before = service(models)
    other = dbt("run", "--select", "gated", gated_features="age", gated_target="price / 1000")
    assert "its target is price / 1000, that of the deployed one price;" in other["gated"]["message"]
    assert service(models) == before


def test_a_project_is_deployed_only_if_it_is_better(dbt: Dbt, models: Session) -> None:
    assert dbt("run", "--select", "houses", "gated_project", gated_features=["size"]).success
    before = models("SELECT * FROM pgml.deployments ORDER BY id")
    worse = dbt("run", "--select", "gated_project", gated_features=["age"])
    assert "the model is not published: r2 is " in worse["gated_project"]["message"]
    assert models("SELECT * FROM pgml.deployments ORDER BY id") == before
    assert dbt("run", "--select", "gated_project", gated_features=["size", "age"]).success
    assert dbt("run", "--select", "gated_project", "--full-refresh", gated_features=["age"]).success
    assert models("SELECT model_id FROM gated_project") == models(
        "SELECT deployed_model FROM pgml.projects JOIN gated_project ON project_name = name"
    )


def test_a_metric_that_was_not_measured_is_measured(dbt: Dbt, models: Session) -> None:
    """The rows have not changed, but the run before needed no such figure."""
    assert dbt("run", "--select", "houses", "required").success
    trained = dbt("run", "--select", "required", required={"mae": 10})
    assert trained["required"]["message"].startswith("TRAINED")
    assert dbt("run", "--select", "required", required={"mae": 10})["required"]["message"] == "UNCHANGED"
    failed = dbt("run", "--select", "required", required={"mae": 0.1})
    assert "the model is not published: mae is " in failed["required"]["message"]


def test_hooks_are_in_the_transaction(dbt: Dbt, models: Session) -> None:
    """dbt commits after hooks that are outside of it, and sends no BEGIN."""
    models("CREATE TABLE hooks (at text)")
    refused = dbt("run", "--select", "houses", "hooked", required_r2=2)
    assert "the model is not published: r2 is" in refused["hooked"]["message"]
    assert models("SELECT at FROM hooks") == [("outside",)]
    assert models("SELECT to_regclass('hooked')") == [(None,)]
    assert dbt("run", "--select", "hooked").success
    assert models("SELECT at FROM hooks") == [("outside",), ("outside",), ("inside",), ("after",)]


def service(models: Session) -> list[tuple[object, ...]]:
    """Return all that tells which model is in service."""
    return models(
        """SELECT g.coef, s.feature_names, (SELECT count(*) FROM madpy_models),
                  (SELECT count(*) FROM pg_class WHERE relname LIKE '\\_\\_madpy%')
           FROM gated AS g, gated_summary AS s"""
    )
