"""Models that tables become: the same predictions, and when altered errors or numbers, but no crash."""

import numpy as np
import pytest

from madpy.modules.sk.layout import MODEL_SK
from madpy.ports.postgres.model import pack, unpack
from tests.projects.kept import quoted

TRAININGS = {
    "regr": "'target', 'age, bmi, word'",
    "logregr": "'target > 140', 'age, bmi, word'",
    "nb": "'word', 'age, bmi, flag'",
    "dtree": "'target', 'age, bmi, word'",
}
LARGEST = 2**31 - 1


@pytest.fixture
def patients(sql, diabetes):
    sql("ALTER TABLE d ADD word text, ADD flag boolean")
    sql("UPDATE d SET word = (ARRAY['a', 'b', 'c', 'd'])[1 + age % 4], flag = age > 50")


@pytest.fixture(autouse=True)
def outcome(sql):
    """pg_temp.outcome(query): the SQLSTATE of a query, 00000 where there is no error."""
    sql(
        """
        CREATE FUNCTION pg_temp.outcome(query text) RETURNS text LANGUAGE plpgsql AS
        'BEGIN EXECUTE query; RETURN ''00000''; EXCEPTION WHEN OTHERS THEN RETURN SQLSTATE; END'
        """
    )


def converted(sql, method):
    sql(f"SELECT madlib.{method}_train('d', 'm', {TRAININGS[method]})")
    return bytes(sql.value("SELECT model FROM pgml.__models_of_table('m')"))


def literal(data):
    return f"'\\x{data.hex()}'::bytea"


@pytest.mark.parametrize("method", TRAININGS)
def test_the_scorer_of_the_format_predicts_the_same(sql, patients, method):
    data = converted(sql, method)
    sql(f"SELECT madlib.{method}_predict('m', 'd', 'p')")
    if method in ("nb", "logregr"):
        item = f"madlib.sk_predict_class({literal(data)}, p) = prediction::text"
    else:
        item = f"abs(madlib.sk_predict({literal(data)}, p) - prediction) < 1e-9"
    assert sql(f"SELECT {item} AS same, count(*) FROM p GROUP BY 1") == [(True, 442)]


@pytest.mark.parametrize("method", ["regr", "logregr", "dtree"])
def test_a_project_takes_such_a_model_and_writes_it_in_sql(sql, patients, name, method):
    data = converted(sql, method)
    number = sql.value(f"SELECT pgml.import_model('{name}', {literal(data)})")
    sql(sql.value(f"SELECT pgml.model_sql({number}, 'written')"))
    sql("INSERT INTO d (age, bmi, word) VALUES (50, 25, 'z'), (50, 25, NULL), (NULL, 25, 'a')")
    scored = "pgml.predict_class({}, d)).label" if method == "logregr" else "pgml.predict({}, d))"
    rows = sql(f"SELECT written(age, bmi, word), ({scored.format(f'{number}::bigint')} FROM d")
    assert len(rows) == 445 and [one for one in rows if one[0] != one[1]] == []
    assert sum(one is None for one, _ in rows) == (0 if method == "dtree" else 3)
    assert sql.fails(f"SELECT pgml.export_model({number}, 'onnx')").sqlstate == "0A000"


def test_probabilities_of_naive_bayes(sql, patients):
    data = converted(sql, "nb")
    sql("UPDATE d SET bmi = NULL WHERE age > 60; UPDATE d SET flag = NULL WHERE age < 30")
    sql("ALTER TABLE d ADD n serial; SELECT madlib.nb_predict_prob('m', 'd', 'p')")
    wanted = sql("SELECT n, prediction, probability FROM p ORDER BY 1, 2")
    rows = sql(f"SELECT n, s.* FROM d, madlib.sk_predict_prob({literal(data)}, d) AS s ORDER BY 1, 2")
    assert [row[:2] for row in rows] == [row[:2] for row in wanted]
    np.testing.assert_allclose([row[2] for row in rows], [row[2] for row in wanted], rtol=1e-12)


def alterations(array, rng):
    """Arrays of other lengths, of one number, and with one number changed."""
    yield from (array[:-1], np.concatenate([array, array]))
    yield from (np.full_like(array, number) for number in (-7, LARGEST))
    for _ in range(8 * (len(array) > 0)):
        one = array.copy()
        one[rng.integers(0, len(one))] = rng.choice([-1, 0, 1, 5, 1000, LARGEST])
        yield one


@pytest.mark.parametrize("method", TRAININGS)
def test_altered_arrays_are_errors_or_numbers(sql, patients, method):
    header, arrays = unpack(converted(sql, method), MODEL_SK)
    rng = np.random.default_rng(3)
    functions = ("sk_explain", "sk_predict_class" if method in ("nb", "logregr") else "sk_predict")
    codes = []
    for place, array in enumerate(arrays):
        for one in alterations(array, rng):
            data = pack(MODEL_SK, header, [one if n == place else other for n, other in enumerate(arrays)])
            for function in functions:
                query = f"SELECT count(*) FROM d, LATERAL madlib.{function}({literal(data)}, d)"
                codes.append(sql.value(f"SELECT pg_temp.outcome({quoted(query)})"))
    # a name that is altered is one of a column that is not there
    assert {*codes} <= {"00000", "22P03", "42703", "22021"}
    assert codes.count("22P03") > 20


def test_a_query_by_name_is_not_parallel_and_one_by_number_is(sql):
    assert sql(
        "SELECT proargtypes[0]::regtype::text, proparallel FROM pg_proc"
        " WHERE proname = 'explain' AND pronamespace = 'pgml'::regnamespace ORDER BY 1"
    ) == [("bigint", "s"), ("bigint", "s"), ("text", "u"), ("text", "u")]
