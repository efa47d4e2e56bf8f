"""ml_model and the rest of dbt: inputs, views, grants, documentation, --empty, --defer, clone, ls."""

import json
import shutil
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from madpy.dev.state import here
from tests.dbt.conftest import Dbt
from tests.session import Session

PROJECT = Path("dbt", "integration_tests")


def test_rows_are_a_table_a_view_or_temporary(dbt: Dbt, models: Session) -> None:
    """All of them may read an ephemeral model: its CTE is part of the relation that is made of the query."""
    outcome = dbt("run", "--select", "houses", "of_ephemeral", "of_table", "of_view")
    assert outcome.success
    counts = "SELECT model_name, num_rows FROM madpy_models ORDER BY model_name"
    assert models(counts) == [("of_ephemeral", 50), ("of_table", 50), ("of_view", 50)]
    assert models("SELECT coef FROM of_ephemeral") == models("SELECT coef FROM of_view")
    kept = models("SELECT count(*) FILTER (WHERE NOT madpy_held_out), count(*) FROM of_table__rows")
    assert kept == [(models.value("SELECT num_rows_processed FROM of_table_summary"), 50)]
    named = "relname LIKE '%\\_\\_rows' AND relnamespace = current_schema()::regnamespace"
    tables = models(f"SELECT count(*) FROM pg_class WHERE {named}")
    assert tables == [(1,)]


def test_training_never_again(dbt: Dbt, models: Session) -> None:
    assert dbt("run", "--select", "houses", "never_again").success
    assert (
        dbt("run", "--select", "houses", "never_again", number_of_houses=20)["never_again"]["message"]
        == "KEPT"
    )
    refreshed = dbt("run", "--select", "never_again", "--full-refresh")
    assert refreshed["never_again"]["message"].startswith("TRAINED")


def test_views_and_grants_stay_when_a_model_is_replaced_in_place(
    dbt: Dbt, models: Session, role: str
) -> None:
    """With other columns it is swapped: a warning names the views that go with the old table."""
    assert dbt("run", "--select", "houses", "changing", reader="public").success
    models(f"GRANT SELECT ON changing TO {role}")
    models("CREATE VIEW on_it AS SELECT r2 FROM changing")
    oid = models.value("SELECT 'changing'::regclass::oid")
    assert dbt("run", "--select", "houses", "changing", number_of_houses=150).success
    assert models("SELECT num_rows_processed, 'changing'::regclass::oid FROM changing") == [(150, oid)]
    assert len(models("SELECT * FROM on_it")) == 1
    swapped = dbt("run", "--select", "changing", changing_algorithm="dtree")
    assert swapped.success
    assert 'columns of "changing" change, which drops the views that read it: "' in swapped.log
    assert models("SELECT to_regclass('on_it')") == [(None,)]
    assert models("SELECT published FROM madpy_models WHERE model_name = 'changing' ORDER BY id") == [
        ("created",),
        ("in place",),
        ("swapped",),
    ]


def test_grants_and_documentation_are_those_of_the_configuration(
    dbt: Dbt, models: Session, dbt_schema: str
) -> None:
    """Predictions read the summary, so that it is granted with the model."""
    assert dbt("run", "--select", "houses", "changing").success
    for table in ("changing", "changing_summary"):
        assert models.value(f"SELECT has_table_privilege('public', '{table}', 'SELECT')")
    assert models.value("SELECT obj_description('changing'::regclass)") == "The price of a house."
    assert models.value("SELECT col_description('changing'::regclass, 2)") == "Share of the variance."


def test_functions_of_the_schema_are_not_taken_for_tables(dbt: Dbt, models: Session) -> None:
    """dbt's cache lists them as relations."""
    models("CREATE FUNCTION price_regr() RETURNS int LANGUAGE sql RETURN 1")
    for _ in range(2):
        assert dbt("run", "--select", "houses", "price_regr").success
    assert models("SELECT price_regr()") == [(1,)]
    models("DROP FUNCTION price_regr()")


def test_a_run_waits_for_another_one_of_the_same_model(
    dbt: Dbt, models: Session, connect: Callable[[], Session], dbt_schema: str
) -> None:
    other = connect()
    name = f'"{other.value("SELECT current_database()")}"."{dbt_schema}"."price_regr"'
    other("BEGIN")
    other(f"SELECT pg_advisory_xact_lock(hashtext('dbt_madpy {name}'))")
    with ThreadPoolExecutor() as threads:
        outcome = threads.submit(dbt, "run", "--select", "houses", "price_regr")
        waiting = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
        while not models.value(waiting):
            assert not outcome.done()
            time.sleep(0.05)
        other("COMMIT")
        assert outcome.result().success


def test_empty(dbt: Dbt, models: Session) -> None:
    """No row is read: what is not there is trained on rows that are made up, and trained at the next run."""
    models("DROP TABLE IF EXISTS price_regr, price_regr_summary, walls_nb, walls_nb_summary")
    names = (
        "price_regr",
        "walls_nb",
        "expensive_logregr",
        "groups_kmeans",
        "rooms_glm",
        "price_dtree",
        "walls_forest",
    )
    empty = dbt("run", "--empty", "--select", "houses", *names)
    assert empty.success
    assert models("SELECT count(*), count(fingerprint) FROM madpy_models WHERE model_name = 'walls_nb'") == [
        (1, 0)
    ]
    trained = dbt("run", "--select", *names)
    assert {trained[name]["message"].split()[0] for name in names} == {"TRAINED"}
    coefficients = models("SELECT coef FROM price_regr")
    assert dbt("run", "--empty", "--select", "price_regr")["price_regr"]["message"].startswith("KEPT")
    assert models("SELECT coef FROM price_regr") == coefficients


def test_empty_keeps_models_that_the_registry_does_not_know(dbt: Dbt, models: Session) -> None:
    """Such as one trained by hand.  A deployed model stays even if the table of its node is gone."""
    assert dbt("run", "--select", "houses", "price_regr", "price_project").success
    deployed = "SELECT deployed_model FROM pgml.projects WHERE name = current_schema() || '.price_project'"
    before = models("SELECT coef FROM price_regr"), models(deployed)
    models("DELETE FROM madpy_models")
    models("DROP TABLE price_project")
    assert dbt("run", "--empty", "--select", "price_regr", "price_project").success
    assert (models("SELECT coef FROM price_regr"), models(deployed)) == before
    assert dbt("run", "--select", "price_project")["price_project"]["message"].startswith("TRAINED")
    assert models(deployed) == models("SELECT model_id FROM price_project")


@pytest.fixture(scope="module")
def state(dbt: Dbt) -> str:
    """The manifest of a run in production, as a folder for --state."""
    assert dbt("run", "--target", "prod", "--select", "houses", "price_regr", "walls_nb").success
    folder = here().folder / "dbt" / "state"
    folder.mkdir(exist_ok=True)
    shutil.copy(here().folder / PROJECT / "target" / "manifest.json", folder)
    return str(folder)


def test_clone_and_defer(dbt: Dbt, models: Session, state: str, dbt_schema: str) -> None:
    models("DROP TABLE IF EXISTS price_regr, price_regr_summary, walls_nb, walls_nb_summary CASCADE")
    assert dbt("clone", "--select", "price_regr", "--state", state).success
    assert models("SELECT coef FROM price_regr") == models(f"SELECT coef FROM {dbt_schema}_prod.price_regr")
    shown = dbt(
        "show",
        "--inline",
        "select '{{ dbt_madpy.model_table(ref(\"price_regr\")) }}' as t",
        "--output",
        "json",
    )
    assert f'\\"{dbt_schema}_prod\\".\\"price_regr\\"' in shown.log
    # Trained over the clone, which was a view, and over rows of production.
    models("DROP TABLE IF EXISTS houses CASCADE")
    deferred = dbt("run", "--select", "price_regr", "walls_nb", "--defer", "--state", state)
    assert deferred.success
    assert models("SELECT relkind::text FROM pg_class WHERE oid = 'price_regr'::regclass") == [("r",)]


def test_a_changed_setting_is_a_modified_state(dbt: Dbt, state: str) -> None:
    file = here().folder / PROJECT / "models" / "price_regr.sql"
    text = file.read_text()
    compared = ("ls", "--select", "state:modified", "--state", state, "--target", "prod")
    assert dbt(*compared).listed == []
    try:
        file.write_text(text.replace("'exclude': ['id']", "'exclude': ['id', 'walls']"))
        assert dbt(*compared).listed == ["madpy_tests.price_regr"]
    finally:
        file.write_text(text)


def test_lineage(dbt: Dbt) -> None:
    """The catalogue of `dbt docs generate` has the model's columns, and the graph its inputs."""
    assert dbt("run", "--select", "houses", "price_regr").success
    assert dbt("docs", "generate", "--select", "price_regr").success
    target = here().folder / PROJECT / "target"
    catalogue = json.loads((target / "catalog.json").read_text())["nodes"]["model.madpy_tests.price_regr"]
    assert {"coef", "r2"} <= catalogue["columns"].keys()
    parents = json.loads((target / "manifest.json").read_text())["parent_map"]
    assert parents["model.madpy_tests.price_regr"] == ["model.madpy_tests.houses"]
