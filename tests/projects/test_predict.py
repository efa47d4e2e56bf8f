"""Predictions by name: each form of arguments gives the number that sk_predict gives for the model."""

import json
import math
import re

import pytest

from tests.projects import made

NUMBERS = "tax, bath, rooms"
WORDS = "tax, wall, new, sold"


@pytest.fixture
def homes(sql):
    """Table h: 40 rows of numbers, words, flags and days; the price is made of them, the kind is one of three."""
    sql(
        """
        CREATE TABLE h AS
        SELECT i AS id, (i * 37 % 101)::float8 AS tax, (i % 5)::int AS bath, (i % 7)::smallint AS rooms,
               CASE i % 3 WHEN 0 THEN 'brick' WHEN 1 THEN 'wood' ELSE 'stone' END AS wall, i % 2 = 0 AS new,
               date '2020-01-01' + i * 9 AS sold, 5 * i + (i * i) % 11 AS price, i % 3 AS kind,
               'k' || i % 3 AS word, ARRAY[i, i % 5, i % 7]::float8[] AS v
        FROM generate_series(1, 40) AS i
        """
    )


@pytest.fixture
def project(sql, homes):
    """Makes a project of one deployed model: project(target, features, algorithm) returns its name and number."""

    def make(target, features, algorithm="linear", kind="regression", **options):
        more = "".join(f", {name} => {value}" for name, value in options.items())
        sql("DROP TABLE IF EXISTS m, m_summary")
        given = "NULL" if target is None else f"'{target}'"
        sql(f"SELECT madlib.sk_train('h', 'm', {given}, '{features}', '{algorithm}'{more})")
        name = made.fresh()
        number = made.project(sql, name, kind)
        snapshot = made.snapshot(sql, number, relation_name="h")
        model = made.model(sql, number, snapshot, "(SELECT model FROM m)")
        made.deploy(sql, model)
        return name, model

    return make


def same(sql, call, features, function="sk_predict"):
    """Assert that a call over h is what the model's own function gives, and not NULL."""
    compared = f"SELECT bool_and({call} = madlib.{function}(model, {features})) FROM h, m"
    assert sql.value(compared) is True


FORMS = {
    "one by one": "tax, bath, rooms",
    "casts": "tax::numeric, bath::bigint, rooms::real",
    "texts": "tax::text, bath::varchar, rooms::text",
    "an array": "ARRAY[tax, bath, rooms]",
    "an array of integers": "ARRAY[tax::int, bath, rooms]",
    "an array of texts": "ARRAY[tax::text, bath::text, rooms::text]",
    "an array in place of the list": "VARIADIC ARRAY[tax, bath, rooms]",
    "texts in place of the list": "VARIADIC ARRAY[tax::text, bath::text, rooms::text]",
    "a row": "h",
    "a row without names": "ROW(tax, bath, rooms)",
    "jsonb": "to_jsonb(h)",
    "json": "to_json(h)",
    "jsonb in order": "jsonb_build_array(tax, bath, rooms)",
    "a text of JSON": "to_jsonb(h)::text",
    "a varchar of JSON": "to_jsonb(h)::varchar",
    "a text of an array": "ARRAY[tax, bath, rooms]::text",
    "a text of JSON in order": "jsonb_build_array(tax, bath, rooms)::text",
}


@pytest.mark.parametrize("form", FORMS)
def test_each_form_of_the_features(sql, project, form):
    name, model = project("price", NUMBERS)
    same(sql, f"pgml.predict('{name}', {FORMS[form]})", NUMBERS)
    same(sql, f"pgml.predict({model}, {FORMS[form]})", NUMBERS)
    same(sql, f"(pgml.predict_joint('{name}', {FORMS[form]}))[1]", NUMBERS)


@pytest.mark.parametrize(
    "call",
    [
        "'{{3,1,2}}'", "'{{\"tax\": 3, \"bath\": 1, \"rooms\": 2}}'", "' [3, 1, 2]'", "'3', '1', '2'", "3, 1, 2",
        "3, '1', 2.0", "3::bigint, 1::smallint, 2::numeric", "'{{\"3\", 1, 2}}'",
        "'{{\"tax\": \"3\", \"bath\": true, \"rooms\": 2.0, \"more\": [1, {{}}]}}'",
    ],
)  # fmt: skip
def test_literals(sql, project, call):
    name, model = project("price", NUMBERS)
    wanted = sql.value("SELECT madlib.sk_predict(model, 3, 1, 2) FROM m")
    assert sql.value(f"SELECT pgml.predict('{name}', {call.format()})") == wanted
    assert sql.value(f"SELECT pgml.predict({model}::bigint, {call.format()})") == wanted


@pytest.mark.parametrize(
    ("call", "values"),
    [
        ("$1, $2", ["{name}", "{3,1,2}"]),
        ("$1, $2", ["{name}", '{"tax": 3, "bath": 1, "rooms": 2}']),
        ("$1, $2, $3, $4", ["{name}", "3", "1", "2"]),
        ("$1::text, $2::jsonb", ["{name}", '{"tax": 3, "bath": 1, "rooms": 2}']),
        ("$1, $2::float8[]", ["{name}", "{3,1,2}"]),
        ("$1::bigint, $2", ["{model}", "{3,1,2}"]),
    ],
)
def test_parameters_without_types(sql, project, call, values):
    """As drivers send them that leave the types to the server: PyGreSQL sends all so."""
    name, model = project("price", NUMBERS)
    wanted = sql.value("SELECT madlib.sk_predict(model, 3, 1, 2) FROM m")
    filled = [value.replace("{name}", name).replace("{model}", str(model)) for value in values]
    assert sql.connection.query(f"SELECT pgml.predict({call})", filled).getresult() == [(wanted,)]


def test_words_flags_and_days_in_every_form(sql, project):
    """JSON has times as texts, and training has them as seconds."""
    name, _ = project("price", WORDS, "random_forest", hyperparams="'{\"n_estimators\": 7}'")
    one = f"pgml.predict('{name}', tax, wall, new, sold)"
    same(sql, one, WORDS)
    for form in (
        "h",
        "to_jsonb(h)",
        "to_jsonb(h)::text",
        "tax::text, wall, new::text, sold::text",
        "ARRAY[tax::text, wall, new::text, sold::text]",
        "jsonb_build_array(tax, wall, new, sold)",
    ):
        assert sql.value(f"SELECT bool_and({one} = pgml.predict('{name}', {form})) FROM h") is True, form


@pytest.mark.parametrize("kind", ["timestamp", "timestamptz"])
def test_times_in_json_are_those_of_columns(sql, project, kind):
    sql("SET TimeZone = 'Asia/Kathmandu'")
    sql(
        f"ALTER TABLE h ALTER sold TYPE {kind} USING sold::timestamp + interval '5 hours 7 minutes 1.5 seconds'"
    )
    name, _ = project("price", "sold, tax")
    assert sql.value(
        f"SELECT bool_and(pgml.predict('{name}', h) = pgml.predict('{name}', to_jsonb(h))) FROM h"
    )


def test_an_array_column_in_every_form(sql, project):
    name, _ = project("price", "v")
    for form in ("v", "h", "to_jsonb(h)", "to_jsonb(v)", "v::text", "to_jsonb(h)::text", "v[1], v[2], v[3]"):
        same(sql, f"pgml.predict('{name}', {form})", "v")


def test_one_feature_that_is_a_word(sql, project):
    """Any text is a value of it, one that looks like an array too; JSON by name is read where it is no level."""
    sql("UPDATE h SET wall = '{' || wall WHERE wall = 'wood'")
    name, _ = project("price", "wall")
    values = [
        ("brick", "'brick'"),
        ("{wood", "'{wood'"),
        ("stone", '\'{"wall": "stone"}\''),
        ("none", "'{1,2}'"),
    ]
    for level, given in values:
        wanted = sql.value(f"SELECT madlib.sk_predict(model, ROW('{level}'::text)) FROM m")
        assert sql.value(f"SELECT pgml.predict('{name}', {given})") == wanted


def test_levels_that_are_numbers_in_json(sql, project):
    name, _ = project("price", "bath, tax", categorical_cols="'bath'")
    same(sql, f"pgml.predict('{name}', to_jsonb(h))", "bath, tax")
    assert sql.value(
        f"""SELECT pgml.predict('{name}', '{{"bath": 3.0, "tax": 1}}') = pgml.predict('{name}', 3, 1)"""
    )


def test_null_of_json_is_null(sql, project):
    name, _ = project("price", NUMBERS)
    row = '{"tax": null, "bath": 1, "rooms": 2}'
    for given in (
        f"'{row}'::jsonb",
        f"'{row}'",
        "NULL",
        "NULL::float8[]",
        "NULL::jsonb",
        "'null'::jsonb",
        "NULL, 1, 2",
    ):
        assert sql.value(f"SELECT pgml.predict('{name}', {given})") is None
    assert sql.value("SELECT pgml.predict(NULL::text, 1)") is None


def test_missing_values_are_imputed_as_in_training(sql, project):
    sql("UPDATE h SET tax = NULL WHERE id % 9 = 0")
    name, _ = project("price", NUMBERS, preprocess='\'{"tax": {"impute": "mean"}}\'')
    mean = sql.value("SELECT avg(tax) FROM h")
    wanted = sql.value(f"SELECT pgml.predict('{name}', {mean!r}, 1, 2)")
    for given in (
        "NULL, 1, 2",
        """'{"tax": null, "bath": 1, "rooms": 2}'""",
        "'{NULL,1,2}'",
        "ROW(NULL::float8, 1, 2)",
    ):
        assert sql.value(f"SELECT pgml.predict('{name}', {given})") == pytest.approx(wanted)


TRAINED = "The model was trained on: tax, bath, rooms."


@pytest.mark.parametrize(
    ("given", "sqlstate", "message"),
    [
        ("1, 2", "22023", "2 features do not fit the 3 of the model"),
        ("1, 2, 3, 4", "22023", "4 features do not fit the 3 of the model"),
        ("ARRAY[1, 2]", "22023", "2 features do not fit the 3 of the model"),
        ("'{1,2}'", "22023", "2 features do not fit the 3 of the model"),
        ("'[1]'::jsonb", "22023", "1 features do not fit the 3 of the model"),
        ("'words'", "22023", "1 features do not fit the 3 of the model"),
        ("5.0", "22023", "1 features do not fit the 3 of the model"),
        (
            "'{\"bath\": 1}'::jsonb",
            "42703",
            'the JSON has no keys "tax", "rooms", which the model was trained on',
        ),
        ('\'{"tax": 1, "bath": 1}\'', "42703", 'the JSON has no key "rooms", which the model was trained on'),
        (
            "(SELECT r FROM (SELECT 1 AS bath) AS r)",
            "42703",
            'the row has no columns "tax", "rooms", which the model was trained on',
        ),
    ],
)
def test_features_that_do_not_fit(sql, project, given, sqlstate, message):
    name, model = project("price", NUMBERS)
    for subject in (f"'{name}'", str(model)):
        error = sql.fails(f"SELECT pgml.predict({subject}, {given})")
        assert (error.sqlstate, error.message, error.detail) == (sqlstate, message, TRAINED)
        assert error.hint.startswith("Give ")


def test_many_names_are_listed_in_part(sql, project):
    sql("ALTER TABLE h " + ", ".join(f"ADD c{i} float8 DEFAULT {i}" for i in range(60)))
    name, _ = project("price", ", ".join(f"c{i}" for i in range(60)), "ridge")
    error = sql.fails(f"SELECT pgml.predict('{name}', 1)")
    assert error.detail.startswith("The model was trained on: c0, c1, c2,")
    assert error.detail.endswith("c39 and 20 more.")
    project("price", "v")
    assert sql.fails("SELECT madlib.sk_predict(model, 1, 2) FROM m").detail == (
        "The model was trained on: v[1] to v[3]."
    )


@pytest.mark.parametrize(
    ("given", "sqlstate", "message"),
    [
        ("'{\"tax\": 1'", "22P02", "invalid input syntax for type json"),
        (
            '\'{"tax": [1], "bath": 1, "rooms": 1}\'',
            "22023",
            'the value of "tax" is an array or object of JSON',
        ),
        (
            "'5'::jsonb",
            "22023",
            "features must be an object or array of JSON, not a single value",
        ),
        ("'a', 'b', 'c'", "22P02", 'invalid input syntax for type double precision: "a"'),
        ("'2020-13-01', '1', '1'", "22008", 'date/time field value out of range: "2020-13-01"'),
    ],
)
def test_values_that_cannot_be_read(sql, project, given, sqlstate, message):
    name, _ = project("price", NUMBERS)
    error = sql.fails(f"SELECT pgml.predict('{name}', {given})")
    assert (error.sqlstate, error.message) == (sqlstate, message)


# --- tasks ---


def test_the_class_of_a_row_and_its_likelihood(sql, project):
    name, model = project(
        "word", NUMBERS, "random_forest", "classification", hyperparams="'{\"n_estimators\": 5}'"
    )
    rows = sql(
        f"""
        SELECT (pgml.predict_class('{name}', h)).*, (pgml.predict_class({model}, tax, bath, rooms)).likelihood,
               pgml.predict_proba('{name}', h), madlib.sk_predict_class(model, h),
               (SELECT json_object_agg(class, probability) FROM madlib.sk_predict_prob(model, h))
        FROM h, m ORDER BY id
        """
    )
    assert len(rows) == 40
    for label, likelihood, by_number, proba, wanted, probabilities in rows:
        assert (label, by_number) == (wanted, likelihood)
        assert likelihood == max(probabilities.values()) == probabilities[wanted]
        assert proba == probabilities
        assert math.fsum(proba.values()) == pytest.approx(1)


def test_a_class_that_is_a_number_is_one(sql, project):
    options = {"hyperparams": "'{\"n_estimators\": 5}'"}
    classes = options | {"task": "'classification'"}
    name, _ = project("kind", NUMBERS, "random_forest", "classification", **classes)
    label = f"(pgml.predict_class('{name}', h)).label::int"
    assert sql.value(f"SELECT bool_and(pgml.predict('{name}', h) = {label}) FROM h")
    words, _ = project("word", NUMBERS, "random_forest", "classification", **options)
    error = sql.fails(f"SELECT pgml.predict('{words}', h) FROM h")
    assert (error.sqlstate, error.message) == ("42809", "this model predicts classes that are not numbers")
    assert error.hint == "Use predict_class."


def test_no_likelihood_where_there_are_no_probabilities(sql, project):
    name, _ = project("word", NUMBERS, "linear_svm", "classification")
    rows = sql(f"SELECT (pgml.predict_class('{name}', h)).*, madlib.sk_predict_class(model, h) FROM h, m")
    assert all(likelihood is None and label == wanted for label, likelihood, wanted in rows)
    error = sql.fails(f"SELECT pgml.predict_proba('{name}', h) FROM h")
    assert (error.message, error.hint) == ("this model has no probabilities", "Use predict_class.")


def test_a_row_that_cannot_be_predicted_has_no_class(sql, project):
    name, _ = project("word", NUMBERS, "lda", "classification")
    assert sql(
        f"SELECT (pgml.predict_class('{name}', NULL, 1, 2)).*, pgml.predict_proba('{name}', NULL, 1, 2)"
    ) == [(None, None, None)]


def test_clusters_and_components_and_several_targets(sql, project):
    clusters, _ = project(None, NUMBERS, "kmeans", "clustering", hyperparams="'{\"n_clusters\": 3}'")
    same(sql, f"pgml.predict('{clusters}', h)", NUMBERS)
    components, _ = project(None, NUMBERS, "pca", "decomposition", hyperparams="'{\"n_components\": 2}'")
    same(sql, f"pgml.predict_joint('{components}', h)", NUMBERS, "sk_predict_all")
    error = sql.fails(f"SELECT pgml.predict('{components}', h) FROM h")
    assert (error.message, error.hint) == ("this model has several numbers for a row", "Use predict_joint.")
    several, _ = project("price, tax", "bath, rooms")
    same(sql, f"pgml.predict_joint('{several}', h)", "bath, rooms", "sk_predict_all")
    for call in ("predict_class", "predict_proba"):
        error = sql.fails(f"SELECT pgml.{call}('{several}', h) FROM h")
        assert (error.message, error.hint) == ("this model has no classes", "Use predict or predict_joint.")
    error = sql.fails(f"SELECT pgml.predict_joint('{clusters}', h) FROM h")
    assert error.hint == "Use predict_class or predict."


# --- overloads ---


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
        "1", "1.5", "'1'", "1::float8", "1::bigint", "1::smallint", "1::real", "true", "'1'::text", "'1'::varchar",
        "'1'::char(3)", "'1'::name", "NULL", "'{1}'", "ARRAY[1]", "ARRAY['1']", "'[1]'::jsonb", "'[1]'::json", "ROW(1)",
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
