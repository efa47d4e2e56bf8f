"""Settings that ml_model refuses: the error says what is wrong and what to do."""

import pytest

from tests.dbt.conftest import Dbt, Outcome
from tests.session import Session

ERRORS = {
    "a_name_of_56_bytes_is_too_long_for_the_name_of_a_summary": "would not fit. Set a shorter alias.",
    "compared_without_holdout": "better_than needs rows that the new model was not fitted on. Set holdout to",
    "holdout_of_numbers": 'column "age", which holdout names, is of type integer. Give a number between',
    "misspelled_exclude": 'the query has no column "Id", which exclude names. Take some of these: "id",',
    "no_algorithm": 'meta.madpy has no "algorithm". Name a function that trains:',
    "no_settings": "the model has no settings of madpy. Give it at least an algorithm:",
    "no_target": '"madlib"."kmeans_train" has no target. Remove target.',
    "parameter_of_ours": '"output_table" is no parameter of an ml_model. Remove it:',
    "quote_in_alias": "has a double quote in it, which dbt does not escape. Set another alias.",
    "retrain_never_ever": 'retrain is "sometimes". Take one of these: "if_changed", "always", "never".',
    "schema_change": "on_schema_change does not fit an ml_model",
    "share_as_text": 'the query has no column "0.2", which holdout names. Give a number between 0 and 1,',
    "unknown_algorithm": 'there is no algorithm "regression". Take one of these: "boost_train",',
    "unknown_metric": 'no metric "accuracy" that could be required. Take one of these: "explained_',
    "unknown_parameter": '"madlib"."regr_train" has no parameter "max_depth". Take one of these: "grouping',
    "unknown_setting": 'there is no setting "feature" in meta.madpy. Take one of these: "algorithm",',
    "with_contract": "those of the algorithm. Remove the contract.",
    "wrong_column": 'column "prize" of table "madpy_rows" does not exist',
}


@pytest.fixture(scope="module")
def refused(dbt: Dbt) -> Outcome:
    return dbt("run", "--select", "houses", "refused")


@pytest.mark.parametrize("name", ERRORS)
def test_settings_are_checked(refused: Outcome, name: str) -> None:
    assert refused[name]["status"] == "error"
    assert ERRORS[name] in refused[name]["message"]


def test_every_refused_model_is_tested(refused: Outcome, models: Session) -> None:
    """And none of them left a table or a row."""
    assert refused.statuses.keys() == {"houses", *ERRORS}
    assert models("SELECT * FROM madpy_models") == []
    tables = models(
        """SELECT relname FROM pg_class
           WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'v')"""
    )
    assert {name for (name,) in tables} == {"houses", "madpy_models"}


def test_the_schema_of_the_library_is_no_target(dbt: Dbt, dbt_schema: str) -> None:
    outcome = dbt("run", "--select", "price_regr", madpy_schema=dbt_schema)
    expected = f'schema "{dbt_schema}" is that of the library. Choose another schema for models.'
    assert expected in outcome["price_regr"]["message"]


def test_a_database_without_the_library(dbt: Dbt) -> None:
    message = dbt("run", "--select", "price_regr", madpy_schema="elsewhere")["price_regr"]["message"]
    assert 'schema "elsewhere" of database "' in message
    assert (
        "has no function that trains. Run CREATE EXTENSION madpy CASCADE there, or set the var madpy_schema"
        in message
    )


def test_a_connection_that_commits_each_statement(dbt: Dbt, models: Session) -> None:
    outcome = dbt("run", "--select", "houses", "price_regr", "--target", "autocommit")
    expected = 'Remove "autocommit: true" from the target "autocommit" in profiles.yml.'
    assert expected in outcome["price_regr"]["message"]


def test_an_index_that_has_the_name(dbt: Dbt, models: Session) -> None:
    models("CREATE INDEX price_regr ON houses (id)")
    message = dbt("run", "--select", "price_regr")["price_regr"]["message"]
    assert (
        '"price_regr" is neither a table nor a view. Move it to another schema, or set another alias.'
        in message
    )


def test_tables_beside_a_model_replace_nothing(dbt: Dbt, models: Session) -> None:
    """Neither another node nor a table that somebody made, whatever its columns are."""
    expected = "which is to be a table of this model, is "
    for _ in range(2):
        outcome = dbt("run", "--select", "houses", "beside_a_node+", "beside_a_node_summary")
        message = outcome["beside_a_node"]["message"]
        assert f'"beside_a_node_summary", {expected}the node model.madpy_tests.' in message
    assert models("SELECT * FROM beside_a_node_summary") == [(1,)]
    models("CREATE TABLE walls_nb_summary AS SELECT 1 AS number")
    message = dbt("run", "--select", "walls_nb")["walls_nb"]["message"]
    assert f'"walls_nb_summary", {expected}there already. Rename one of them, or set' in message
    assert models("SELECT * FROM walls_nb_summary") == [(1,)]
    models("CREATE TABLE of_table__rows AS SELECT 1 AS number")
    message = dbt("run", "--select", "few_houses", "of_table")["of_table"]["message"]
    assert f'"of_table__rows", {expected}there already' in message
    assert models("SELECT * FROM of_table__rows") == [(1,)]


def test_tables_of_others_are_not_written_to(dbt: Dbt, models: Session, role: str) -> None:
    """A trigger on them would run with the rights of dbt.  dbt drops what has the name of a model."""
    models("DROP INDEX IF EXISTS price_regr")
    assert dbt("run", "--select", "houses", "price_regr").success
    models("CREATE TABLE traces ()")
    body = "BEGIN INSERT INTO traces DEFAULT VALUES; RETURN NEW; END"
    models(f"CREATE FUNCTION trace() RETURNS trigger LANGUAGE plpgsql AS '{body}'")
    for table in ("price_regr", "price_regr_summary", "madpy_models"):
        models(f"CREATE TRIGGER trap BEFORE INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION trace()")
    models(f"ALTER TABLE madpy_models OWNER TO {role}")
    message = dbt("run", "--select", "price_regr", "--full-refresh")["price_regr"]["message"]
    assert (
        '"madpy_models" in schema "dbt_ml_model_refused" is not a table of this role. Set the var' in message
    )
    models("ALTER TABLE madpy_models OWNER TO current_user")
    models("DROP TRIGGER trap ON madpy_models")
    models(f"ALTER TABLE price_regr OWNER TO {role}")
    models(f"ALTER TABLE price_regr_summary OWNER TO {role}")
    assert dbt("run", "--select", "price_regr", "--full-refresh").success
    assert models("SELECT published FROM madpy_models ORDER BY id DESC LIMIT 1") == [("swapped",)]
    assert models("SELECT * FROM traces") == []
