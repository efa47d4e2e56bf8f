"""Calls: which function they find, errors where nothing is deployed, and the models that a session keeps."""

import json
import math
import re

import pytest

from tests.projects import made
from tests.projects.made import NUMBERS


def test_no_call_is_ambiguous(sql, project):
    """Every pair of first arguments and of second ones resolves, or says what does not fit."""
    name, model = project("price", "tax")
    subjects = [
        f"'{name}'",
        f"'{name}'::text",
        f"'{name}'::varchar",
        f"{model}",
        f"{model}::bigint",
        f"{model}::smallint",
    ]
    given = [
        "1", "1.5", "'1'", "1::float8", "1::bigint", "1::smallint", "1::real", "true", "'1'::text",
        "'1'::varchar", "'1'::char(3)", "'1'::name", "NULL", "'{1}'", "ARRAY[1]", "ARRAY['1']",
        "'[1]'::jsonb", "'[1]'::json", "ROW(1)",
        "date '1970-01-01'", "now()", "VARIADIC ARRAY[1]", "VARIADIC '{1}'::text[]", "VARIADIC ARRAY['1']",
    ]  # fmt: skip
    for function in ("predict", "predict_class", "predict_proba", "predict_joint"):
        for subject in subjects:
            for value in given:
                try:
                    sql(f"SELECT pgml.{function}({subject}, {value})")
                except Exception as error:
                    assert re.search("this model has no classes", str(error)), (
                        function,
                        subject,
                        value,
                        error,
                    )


@pytest.mark.parametrize(
    ("subject", "sqlstate", "message"),
    [
        ("'no such'", "42704", 'project "no such" does not exist'),
        ("2147483647", "42704", "model 2147483647 does not exist"),
    ],
)
def test_what_is_not_there(sql, subject, sqlstate, message):
    error = sql.fails(f"SELECT pgml.predict({subject}, 1)")
    assert (error.sqlstate, error.message) == (sqlstate, message)


def test_a_misspelt_project_has_a_similar_name_in_the_hint(sql, schema, roles, connect, name):
    """Names of projects that the role may not see are not told."""
    made.project(sql, f"{name} Réd Wine")
    made.project(sql, f"{name} White")
    call = "SELECT pgml.predict('{}', 1)"
    for wrong in ("Red Wine", "Réd Wne", "Réd  Wine"):
        assert sql.fails(call.format(f"{name} {wrong}")).hint == f'Did you mean "{name} Réd Wine"?'
    for other in ("Something else", "x" * 300):
        assert sql.fails(call.format(other)).hint == "Choose one from the view projects, or train it."
    stranger = connect(user=roles("stranger"))
    assert stranger.fails(call.format(f"{name} Red Wine")).hint.startswith("Choose one")
    sql(f"SELECT pgml.drop_project(name) FROM pgml.projects WHERE starts_with(name, '{name} ')")


def test_a_project_without_a_deployment_and_a_failed_model(sql):
    name = made.fresh()
    number = made.project(sql, name)
    model = made.model(sql, number, made.snapshot(sql, number), "NULL::bytea", status="failed")
    error = sql.fails(f"SELECT pgml.predict('{name}', 1)")
    assert (error.sqlstate, error.message) == ("55000", f'no model of project "{name}" is deployed')
    error = sql.fails(f"SELECT pgml.predict({model}, 1)")
    assert (error.sqlstate, error.message) == ("55000", f"the training of model {model} failed")


def test_columns_of_the_name_of_a_project_or_of_numbers(sql, project):
    """The first argument may be another one in each row."""
    one, first = project("price", NUMBERS)
    two, second = project("bath", NUMBERS)
    rows = sql(
        f"""
        SELECT pgml.predict(p, h) = pgml.predict(n, h), p = '{one}' OR abs(pgml.predict(p, h) - bath) < 1e-6
        FROM h, (VALUES ('{one}', {first}), ('{two}', {second})) AS v(p, n)
        """
    )
    assert len(rows) == 80 and all(a and b for a, b in rows)


def test_more_models_than_a_session_keeps(sql, project):
    """The decoded models of a session are few: the others are decoded again, with the same result."""
    names = [project("price", features)[0] for features in ("tax", "bath", "rooms") for _ in range(4)]
    for name in names * 2:
        assert math.isfinite(sql.value(f"SELECT sum(pgml.predict('{name}', h)) FROM h"))
    firsts = [sql.value(f"SELECT pgml.predict('{name}', 7)") for name in names]
    assert firsts == [sql.value(f"SELECT pgml.predict('{name}', '7')") for name in names]
    assert len({json.dumps(one) for one in firsts}) == 3
    kept = "SELECT count(*) FROM pg_backend_memory_contexts WHERE name = 'madpy model'"
    assert 0 < sql.value(kept) <= 8


def test_a_large_model_is_not_kept(sql, project):
    """40 MB of neighbours: a statement has them, the session does not keep them."""
    sql("INSERT INTO h SELECT (h).* FROM (SELECT h, generate_series(1, 20000) FROM h) AS s")
    name, _ = project("price", NUMBERS, "nearest_neighbors")
    kept = "SELECT sum(total_bytes) FROM pg_backend_memory_contexts WHERE name = 'madpy model'"
    assert math.isfinite(sql.value(f"SELECT pgml.predict('{name}', 1, 2, 3)"))
    assert (sql.value(kept) or 0) < 33 * 1024 * 1024
