"""The forms of features: each gives the number that sk_predict gives for the model."""

import pytest

from tests.projects.made import NUMBERS, same

WORDS = "tax, wall, new, sold"


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
        "'{{3,1,2}}'", "'{{\"tax\": 3, \"bath\": 1, \"rooms\": 2}}'", "' [3, 1, 2]'", "'3', '1', '2'",
        "3, 1, 2", "3, '1', 2.0", "3::bigint, 1::smallint, 2::numeric", "'{{\"3\", 1, 2}}'",
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
    sql(f"ALTER TABLE h ALTER sold TYPE {kind} USING sold::timestamp + interval '5 hours 7 min 1.5 seconds'")
    name, _ = project("price", "sold, tax")
    assert sql.value(
        f"SELECT bool_and(pgml.predict('{name}', h) = pgml.predict('{name}', to_jsonb(h))) FROM h"
    )


def test_an_array_column_in_every_form(sql, project):
    name, _ = project("price", "v")
    for form in ("v", "h", "to_jsonb(h)", "to_jsonb(v)", "v::text", "to_jsonb(h)::text", "v[1], v[2], v[3]"):
        same(sql, f"pgml.predict('{name}', {form})", "v")


def test_one_feature_that_is_a_word(sql, project):
    """Any text is a value of it, one that looks like an array too; JSON is read where it is no level."""
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
        ("'a', 'b', 'c'", "22P02", 'feature "tax" is a number, not "a"'),
        ("1, '2 rooms', 3", "22P02", 'feature "bath" is a number, not "2 rooms"'),
        ("1, 2, ''", "22P02", 'feature "rooms" is a number, not ""'),
        ("'2020-13-01', '1', '1'", "22008", 'date/time field value out of range: "2020-13-01"'),
    ],
)
def test_values_that_cannot_be_read(sql, project, given, sqlstate, message):
    name, _ = project("price", NUMBERS)
    error = sql.fails(f"SELECT pgml.predict('{name}', {given})")
    assert (error.sqlstate, error.message) == (sqlstate, message)
