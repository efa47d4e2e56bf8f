"""Categories as codes, classes, and output tables made of Python's values."""

import pytest

from madpy.errors import MadpyError
from madpy.helper.features.categories import check_features
from madpy.helper.features.classes import check_classes
from madpy.helper.features.design import BOOLEANS
from madpy.ports.postgres.scan.source import Source


@pytest.fixture
def source(db, schema):
    db.execute("CREATE TYPE size AS ENUM ('small', 'big')")
    db.execute("CREATE TABLE t (a float, c text, b boolean, e size, n numeric, v float8[], y text, one int)")
    db.execute("INSERT INTO t VALUES (1, 'x', true, 'big', 1.0, '{1,2}', 'no', 1)")
    db.execute("INSERT INTO t VALUES (2, 'w', false, 'small', 1.00, '{3,4}', 'yes', 1)")
    db.execute("INSERT INTO t VALUES (3, NULL, NULL, NULL, 2.5, '{5,6}', NULL, 1)")
    return Source(schema, "t", db)


def values(db, source, items):
    rows = db.execute("SELECT {items:q} FROM {source:i} ORDER BY a", items=", ".join(items), source=source)
    return [tuple(row.values()) for row in rows]


def test_numbers_and_categories(db, source):
    found = check_features(source, "a, c, b, e, n, a * 2", categorical_cols="n")
    assert [f.levels for f in found.features] == [
        *(None, ["w", "x"], BOOLEANS, ["small", "big"], ["1", "2.5"], None)
    ]
    items = [f"{item} AS i{n}" for n, item in enumerate(found.items)]
    assert values(db, source, items) == [(1, 1, 1, 1, 0, 2), (2, 0, 0, 0, 0, 4), (3, None, None, None, 1, 6)]
    assert found.as_json()[1] == {"name": "c", "column": "c", "levels": ["w", "x"]}


def test_an_array_column(db, source):
    found = check_features(source, "v")
    assert (found.names, found.is_vector) == (["v[1]", "v[2]"], True)


def test_classes(db, source):
    found = check_classes(source, "y")
    assert (found.labels, found.sql_type) == (["no", "yes"], "text")
    assert values(db, source, [found.item]) == [(0,), (1,), (None,)]


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ("one", "the target has one class only: 1"),
        ("NULL::text", "the target is NULL in every row"),
        ("plnt", 'column "plnt" of table "t" does not exist'),
    ],
)
def test_no_classes(db, source, target, message):
    with pytest.raises(MadpyError) as error:
        check_classes(source, target)
    assert error.value.message == message


def test_too_many_classes(db, source):
    with pytest.raises(MadpyError, match="the target has more than 2 distinct values"):
        check_classes(source, "a", most=2)
