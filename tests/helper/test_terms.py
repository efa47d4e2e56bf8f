"""Features as the columns of a design, and the same read back from a table."""

import json

import pytest

from madpy.errors import MadpyError
from madpy.helper.features.terms import Term, check_terms, read_terms
from madpy.helper.helper import check_source

ENCODED = "List text columns by name: they are not encoded in ARRAY[...] or in an expression."
INTERCEPT = Term("(Intercept)", "intercept")


@pytest.fixture
def source(db):
    db.execute(
        """
        CREATE TYPE size AS ENUM ('small', 'medium', 'large');
        CREATE TABLE t AS SELECT i AS a, i % 2 = 0 AS flag, (ARRAY['y', 'x''"\\', NULL])[i % 3 + 1] AS k,
            (ARRAY['large', 'small'])[i % 2 + 1]::size AS size, ARRAY[i, 2.5] AS v, 'one'::text AS single,
            NULL::text AS none, ARRAY['p'] AS words
        FROM generate_series(1, 12) AS i
        """
    )
    return check_source(db, "t")


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("a, flag", [INTERCEPT, Term("a", "number", "a"), Term("flag", "number", "flag")]),
        ("ARRAY[1, a]", [Term("1", "expression"), Term("a", "number", "a")]),
        ("a + 1", [INTERCEPT, Term("a + 1", "expression")]),
        ("k", [INTERCEPT, Term("k=y", "level", "k", "y")]),
        ("size", [INTERCEPT, Term("size=large", "level", "size", "large")]),
        ("single, none", [INTERCEPT]),
        ("v", [Term("v[1]", "vector", "v"), Term("v[2]", "vector", "v")]),
        ("array_append(v, 1)", [Term(f"array_append(v, 1)[{i}]", "vector") for i in (1, 2, 3)]),
    ],
)
def test_terms(db, source, text, terms):
    assert check_terms(source, text).terms == terms


def test_items_are_what_the_terms_say(db, source):
    found = check_terms(source, "a, flag, k, size")
    items = ", ".join(found.items)
    rows = db.execute("SELECT ARRAY[{items:q}] AS x FROM {t:i} ORDER BY a LIMIT 3", items=items, t=source)
    assert [row["x"] for row in rows] == [
        [1, 1, 0, 0, 0],  # x'"\\ is the level without a term, in the order of text
        [1, 2, 1, None, 1],
        [1, 3, 0, 1, 0],
    ]
    assert found.references == {"k": "x'\"\\", "size": "small"}


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("ARRAY[k]", 'features: "k" is text, a number is needed', ENCODED),
        ("upper(k)", 'features: "upper(k)" is text, a number is needed', ENCODED),
        ("words", 'features: "words" is an array of text, numbers are needed', None),
    ],
)
def test_refused(db, source, text, message, hint):
    with pytest.raises(MadpyError) as error:
        check_terms(source, text)
    assert (error.value.sqlstate, error.value.message, error.value.hint) == ("42804", message, hint)


@pytest.mark.parametrize("text", ["a, flag, k, size, a * 2", "v", "ARRAY[1, a]"])
def test_read_back(db, source, text):
    found = check_terms(source, text)
    read = read_terms(json.dumps(found.as_json()))
    assert (read.terms, read.references, read.is_vector) == (found.terms, found.references, found.is_vector)


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        "7",
        "{}",
        "{",
        '{"terms": [], "references": {}}',
        '{"terms": [{}], "references": {}}',
        '{"terms": [{"name": "a", "kind": "number"}], "references": {}}',
        '{"terms": [{"name": "a", "kind": "level", "column": "a", "level": "x"}], "references": {}}',
        '{"terms": [{"name": "a", "kind": "level", "column": "a", "level": "x"}], "references": {"a": 1}}',
        '{"terms": [{"name": "a", "kind": "expression", "column": "a"}], "references": {}}',
        '{"terms": [{"name": ["a"], "kind": "intercept"}], "references": {}}',
        '{"terms": [{"name": "a", "kind": "intercept"}, {"name": "v", "kind": "vector"}], "references": {}}',
    ],
)
def test_what_cannot_be_read(text):
    with pytest.raises(MadpyError) as error:
        read_terms(text)
    assert error.value.message == "the terms of the model cannot be read"
    assert (error.value.sqlstate, error.value.hint) == ("22P02", "Train the model again.")
